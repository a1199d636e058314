#include "client/prober.h"
