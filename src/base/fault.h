/* fault.h - places where a fault test breaks the program. Only builds with -DFAULTS have them;
 * elsewhere they are nothing.
 *
 * BOBTAIL_FAULT=NAME:N ends the process by SIGKILL when point NAME is reached for the Nth time,
 * BOBTAIL_FAULT=NAME:N:stop stops it by SIGSTOP there. Any thread. */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H
#ifdef FAULTS
#include <stdint.h>
#include <stdlib.h>

#define FAULT_POINT(name) fault_point(name)
/** The number in environment variable ${variable}, or ${otherwise}: shorter times for tests. */
#define FAULT_NUMBER(variable, otherwise) fault_number(variable, otherwise)
/** The text in environment variable ${variable}, or ${otherwise}. */
#define FAULT_TEXT(variable, otherwise) (getenv(variable) ? getenv(variable) : (otherwise))
void fault_point(const char *name);
int64_t fault_number(const char *variable, int64_t otherwise);
#else
#define FAULT_POINT(name) ((void)0)
#define FAULT_NUMBER(variable, otherwise) (otherwise)
#define FAULT_TEXT(variable, otherwise) (otherwise)
#endif
#endif
