#include "common/config/diag.h"
