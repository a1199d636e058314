#include "common/system/log.h"
