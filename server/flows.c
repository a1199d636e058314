#include "server/flows.h"
