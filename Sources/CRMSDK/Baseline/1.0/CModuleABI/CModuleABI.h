#ifndef CMODULEABI_H
#define CMODULEABI_H

#include <stdint.h>

// The plugin contract, all of it.
//
// A module is a shared library with two things that the kernel looks for:
//
//   1. the section ".crm_module" with exactly one `struct crm_module_stamp`. The kernel reads it from the file's
//      bytes, since a library's constructors already run while it is loaded. What does not fit is refused there.
//   2. the function `<name>_module_create`, of type `crm_module_create`. It answers one retained pointer, which
//      Swift's `ModuleEntry` makes and takes back. It is called once, and has no other effect.
//
// A module's Package.swift says who it is with `-Xcc -DCRM_MODULE_NAME=sales`; its Swift entry calls
// `crm_module_stamp_here()`. That call is what pulls the stamp into the module's own library: `static`, so that
// every module carries its own; in C, because the clang inside swiftc fills in `__VERSION__` of the compiler that
// really builds the module. A Swift property would be read from the SDK's library, and always agree.

// "CRMMODUL", as the eight bytes stand in the file.
#define CRM_MODULE_MAGIC {'C', 'R', 'M', 'M', 'O', 'D', 'U', 'L'}

// The layout below and the entry point's form. Grows when either changes; a kernel takes exactly its own.
#define CRM_MODULE_ABI_VERSION 1

// The SDK's version. A kernel takes modules of the same major number, built with its own minor or an older one.
#define CRM_SDK_VERSION_MAJOR 1
#define CRM_SDK_VERSION_MINOR 0

// Capacity of the text fields, the closing zero included.
#define CRM_MODULE_NAME_CAPACITY 48
#define CRM_MODULE_COMPILER_CAPACITY 192

// 264 bytes, little-endian, without padding.
struct crm_module_stamp {
    uint8_t magic[8];
    uint32_t abi_version;
    uint32_t sdk_version_major;
    uint32_t sdk_version_minor;
    uint16_t pointer_size;
    uint16_t long_size;
    char name[CRM_MODULE_NAME_CAPACITY];          // snake case; zeros to the end
    char compiler[CRM_MODULE_COMPILER_CAPACITY];  // __VERSION__; zeros to the end
};

_Static_assert(sizeof(struct crm_module_stamp) == 264, "the stamp's layout is part of the contract");
_Static_assert(sizeof(__VERSION__) <= CRM_MODULE_COMPILER_CAPACITY, "the compiler's version must fit whole");

// Answers the retained pointer that `ModuleEntry.make` returned.
typedef void *_Nonnull (*crm_module_create)(void);

// The compiler that builds whoever calls this: on the kernel's side, the one a module must have been built with.
static inline const char *_Nonnull crm_compiler_here(void) { return __VERSION__; }

#ifdef CRM_MODULE_NAME
#define CRM_MODULE_QUOTED_AGAIN(name) #name
#define CRM_MODULE_QUOTED(name) CRM_MODULE_QUOTED_AGAIN(name)

__attribute__((section(".crm_module"), used))
static const struct crm_module_stamp crm_module_stamp_of_this_library = {
    .magic = CRM_MODULE_MAGIC,
    .abi_version = CRM_MODULE_ABI_VERSION,
    .sdk_version_major = CRM_SDK_VERSION_MAJOR,
    .sdk_version_minor = CRM_SDK_VERSION_MINOR,
    .pointer_size = sizeof(void *),
    .long_size = sizeof(long),
    .name = CRM_MODULE_QUOTED(CRM_MODULE_NAME),
    .compiler = __VERSION__,
};

static inline const struct crm_module_stamp *_Nonnull crm_module_stamp_here(void) {
    return &crm_module_stamp_of_this_library;
}
#endif

#endif
