#ifndef CMODULEABI_H
#define CMODULEABI_H
#endif
