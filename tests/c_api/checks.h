/* checks.h: what the C programs here share: checks that are counted, tests that are named, and a malloc that
   can be made to fail and that counts, as the library's operator new calls the program's. One file of a
   program includes it. */
#ifndef FLASHCORE_TESTS_C_API_CHECKS_H
#define FLASHCORE_TESTS_C_API_CHECKS_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures_of_test = 0, tests_passed = 0, tests_failed = 0, tests_skipped = 0;

#define CHECK(condition)                                              \
  do {                                                                \
    if (!(condition)) {                                               \
      ++failures_of_test;                                             \
      printf("%s:%d: Failure: %s\n", __FILE__, __LINE__, #condition); \
    }                                                                 \
  } while (0)

/* The status, and words that the sentence has. */
#define CHECK_ERROR(call, status, words)                                                                    \
  do {                                                                                                      \
    const fc_status got = (call);                                                                           \
    if (got != (status) || fc_error_status() != got || strstr(fc_error_message(), (words)) == NULL) {       \
      ++failures_of_test;                                                                                   \
      printf("%s:%d: Failure: %s is %s, '%s'; wanted %s, '...%s...'\n", __FILE__, __LINE__, #call,          \
             fc_status_name(got), got == FC_OK ? "" : fc_error_message(), fc_status_name(status), (words)); \
    }                                                                                                       \
  } while (0)

#define CHECK_OK(call)                                                                                  \
  do {                                                                                                  \
    const fc_status got = (call);                                                                       \
    if (got != FC_OK) {                                                                                 \
      ++failures_of_test;                                                                               \
      printf("%s:%d: Failure: %s is %s: %s (%s; %s)\n", __FILE__, __LINE__, #call, fc_status_name(got), \
             fc_error_message(), fc_error_remedy(), fc_error_detail());                                 \
    }                                                                                                   \
  } while (0)

static void run_test(const char* name, void (*test)(void)) {
  failures_of_test = 0;
  test();
  printf("[ %s ] %s\n", failures_of_test == 0 ? "     OK" : " FAILED", name);
  if (failures_of_test == 0) {
    ++tests_passed;
  } else {
    ++tests_failed;
  }
  fflush(stdout);
}

/* The counts as scripts/test reads them; the program's exit code. */
static int finish(void) {
  printf("[  PASSED  ] %d tests.\n", tests_passed);
  if (tests_skipped > 0) printf("[  SKIPPED ] %d tests, named above\n", tests_skipped);
  if (tests_failed > 0) printf("[  FAILED  ] %d tests, named above\n", tests_failed);
  return tests_failed > 0;
}

#if defined(__SANITIZE_ADDRESS__)
#define CHECKS_OWN_MALLOC 0 /* the sanitizer has its own */
#else
#define CHECKS_OWN_MALLOC 1
extern void* __libc_malloc(size_t bytes); /* glibc's, behind the name */

static __thread int malloc_fails = 0;
static __thread long malloc_calls = 0;

void* malloc(size_t bytes) {
  ++malloc_calls;
  if (malloc_fails) {
    errno = ENOMEM;
    return NULL;
  }
  return __libc_malloc(bytes);
}
#endif

#endif
