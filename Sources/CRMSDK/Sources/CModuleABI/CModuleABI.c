#include "CModuleABI.h"
