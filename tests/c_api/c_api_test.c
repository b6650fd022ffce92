/* The library as a C program sees it on a machine that may have no GPU: C99, flashcore_kernels.h and nothing
   else of this project. */
#include <math.h>
#include <pthread.h>
#include <stdint.h>

#include "checks.h"
#include "flashcore_kernels.h"

static fc_call mission(void) {
  fc_call call = {sizeof call, 0, 0, 0, 0, 0, 0, 0, 0, {0, 0, 0}, {0, 0, 0}, {0, 0, 0}, {0, 0, 0}, 0, 0};
  call.batch = 1;
  call.heads = 8;
  call.kv_heads = 8;
  call.seq_q = 512;
  call.seq_k = 512;
  call.head_dim = 64;
  call.dtype = FC_F16;
  CHECK_OK(fc_set_contiguous(&call));
  return call;
}

static void says_its_version(void) {
  CHECK(fc_version() == FLASHCORE_KERNELS_VERSION);
  CHECK(fc_version() / 1000 == FLASHCORE_KERNELS_VERSION_MAJOR);
  CHECK(strstr(fc_build(), "kernels ") != NULL);
  CHECK(fc_build() == fc_build());
}

static void has_no_error_before_the_first(void) {
  CHECK(fc_error_status() == FC_OK);
  CHECK(strcmp(fc_error_message(), "") == 0);
  CHECK(strcmp(fc_error_remedy(), "") == 0);
  CHECK(strcmp(fc_error_detail(), "") == 0);
}

static void names_every_status(void) {
  fc_status a, b;
  for (a = FC_OK; a <= FC_ERROR_INTERNAL; ++a) {
    CHECK(strcmp(fc_status_name(a), "unknown") != 0);
    for (b = FC_OK; b < a; ++b) CHECK(strcmp(fc_status_name(a), fc_status_name(b)) != 0);
  }
  CHECK(strcmp(fc_status_name(-1), "unknown") == 0);
  CHECK(strcmp(fc_status_name(1000), "unknown") == 0);
}

static void lists_the_phases(void) {
  const size_t count = fc_phase_count();
  size_t i;
  int32_t rung = 0, in_references = 0;
  CHECK(count >= 3);
  for (i = 0; i < count; ++i) {
    fc_phase_info info;
    memset(&info, 0xff, sizeof info);
    info.struct_size = sizeof info;
    CHECK_OK(fc_phase_at(i, &info));
    CHECK(info.struct_size == sizeof info);
    CHECK(info.id[0] != '\0' && info.title[0] != '\0' && info.idea[0] != '\0' && info.problems[0] != '\0');
    CHECK(info.builds_on != NULL);
    CHECK(info.min_compute >= 50);
    CHECK(info.reserved == 0);
    CHECK(strcmp(info.id, "auto") != 0);
    CHECK(strcmp(info.id, "broken") != 0);
    CHECK(i > 0 || strcmp(info.id, "baseline") == 0);
    CHECK(info.reference == 0 || info.reference == 1);
    CHECK(info.reference >= in_references); /* after a reference only references */
    if (info.reference == in_references) CHECK(info.rung >= rung);
    in_references = info.reference;
    rung = info.rung;
    printf("  %-10s rung %3d, compute %d, %s\n", info.id, (int)info.rung, (int)info.min_compute,
           info.problems);
  }
  CHECK(in_references == 1);
}

static void gives_structs_of_other_sizes(void) {
  struct {
    fc_phase_info known;
    char later[64];
  } future;
  fc_phase_info info;
  memset(&future, 0x5a, sizeof future);
  future.known.struct_size = sizeof future;
  CHECK_OK(fc_phase_at(0, &future.known));
  CHECK(future.known.struct_size == sizeof future);
  CHECK(strcmp(future.known.id, "baseline") == 0);
  CHECK(future.later[0] == 0 && future.later[63] == 0);

  memset(&info, 0x5a, sizeof info);
  info.struct_size = 0;
  CHECK_ERROR(fc_phase_at(0, &info), FC_ERROR_USAGE, "struct_size of fc_phase_info is 0");
  info.struct_size = sizeof info - 8;
  CHECK_ERROR(fc_phase_at(0, &info), FC_ERROR_USAGE, "struct_size");
  info.struct_size = SIZE_MAX;
  CHECK_ERROR(fc_phase_at(0, &info), FC_ERROR_USAGE, "struct_size");
  CHECK(info.rung == 0x5a5a5a5a); /* untouched */
  CHECK_ERROR(fc_phase_at(0, NULL), FC_ERROR_USAGE, "null");
  info.struct_size = sizeof info;
  CHECK_ERROR(fc_phase_at(fc_phase_count(), &info), FC_ERROR_USAGE, "there is no phase");
}

static void takes_structs_of_other_sizes(void) {
  struct {
    fc_call known;
    char later[64];
  } future;
  fc_call call = mission();
  memset(&future, 0, sizeof future);
  future.known = call;
  future.known.struct_size = sizeof future;
  CHECK_OK(fc_serves("baseline", &future.known, -1));
  future.later[63] = 1;
  CHECK_ERROR(fc_serves("baseline", &future.known, -1), FC_ERROR_USAGE,
              "members that this library does not know");
  call.struct_size = sizeof call - 4;
  CHECK_ERROR(fc_serves("baseline", &call, -1), FC_ERROR_USAGE, "struct_size of fc_call");
  call.struct_size = 0;
  CHECK_ERROR(fc_serves("baseline", &call, -1), FC_ERROR_USAGE, "struct_size of fc_call is 0");
  call.struct_size = SIZE_MAX; /* must not be read so far */
  CHECK_ERROR(fc_serves("baseline", &call, -1), FC_ERROR_USAGE, "struct_size of fc_call");
}

static void serves_good_calls(void) {
  static const int32_t dtypes[] = {FC_F16, FC_BF16};
  static const int64_t dims[] = {64, 128};
  static const char* const phases[] = {"baseline", "wmma", "auto"};
  size_t t, d, p;
  int causal;
  for (t = 0; t < 2; ++t) {
    for (d = 0; d < 2; ++d) {
      for (causal = 0; causal < 2; ++causal) {
        fc_call call = mission();
        call.kv_heads = 2;
        call.seq_q = 100;
        call.seq_k = 77;
        call.head_dim = dims[d];
        call.dtype = dtypes[t];
        call.causal = causal;
        call.with_lse = 1;
        CHECK_OK(fc_set_contiguous(&call));
        for (p = 0; p < 3; ++p) CHECK_OK(fc_serves(phases[p], &call, -1));
      }
    }
  }
}

static void serves_every_listed_phase(void) {
  size_t i;
  const fc_call call = mission();
  for (i = 0; i < fc_phase_count(); ++i) {
    fc_phase_info info;
    info.struct_size = sizeof info;
    CHECK_OK(fc_phase_at(i, &info));
    CHECK_OK(fc_serves(info.id, &call, -1));
  }
}

/* One broken rule after another; each has its sentence, from a named phase and from "auto". */
static void says_what_is_wrong_with_a_call(void) {
  fc_call call;
#define REFUSED(change, words)                                            \
  do {                                                                    \
    call = mission();                                                     \
    change;                                                               \
    CHECK_ERROR(fc_serves("baseline", &call, -1), FC_ERROR_USAGE, words); \
    CHECK(fc_serves("auto", &call, -1) == FC_ERROR_USAGE);                \
    CHECK(fc_error_message()[0] != '\0');                                 \
    CHECK(fc_serves("auto", &call, 0) == FC_ERROR_USAGE);                 \
  } while (0)
  REFUSED(call.head_dim = 80; (void)fc_set_contiguous(&call), "D = 80");
  REFUSED(call.dtype = FC_F32; (void)fc_set_contiguous(&call), "f32");
  REFUSED(call.dtype = 0, "dtype 0");
  REFUSED(call.dtype = 17, "dtype 17");
  REFUSED(call.seq_k = 0, "sk = 0");
  REFUSED(call.seq_q = -1, "sq = -1");
  REFUSED(call.batch = 0, "b = 0");
  REFUSED(call.kv_heads = 3, "does not divide h = 8");
  REFUSED(call.kv_heads = 0, "hkv = 0");
  REFUSED(call.seq_k = INT64_MAX, "sk = 9223372036854775807");
  REFUSED(call.q_strides.row = -64, "Q");
  REFUSED(call.k_strides.head = -8, "K");
  REFUSED(call.v_strides.row = 65, "V");
  REFUSED(call.o_strides.row = 32, "O");
  REFUSED(call.o_strides.head = 0, "O");
  REFUSED(call.scale = 0, "scale");
  REFUSED(call.scale = -1, "scale");
  REFUSED(call.scale = (float)NAN, "scale");
  REFUSED(call.scale = (float)INFINITY, "scale");
#undef REFUSED
  call = mission();
  call.k_strides.head = 0; /* inputs may be broadcast */
  CHECK_OK(fc_serves("baseline", &call, -1));
}

static void says_each_phases_reason_for_auto(void) {
  fc_call call = mission();
  call.head_dim = 80;
  CHECK_OK(fc_set_contiguous(&call));
  CHECK_ERROR(fc_serves("auto", &call, -1), FC_ERROR_USAGE, "no phase");
  CHECK(strstr(fc_error_detail(), "baseline: ") != NULL);
  CHECK(strstr(fc_error_detail(), "wmma: ") != NULL);
  CHECK(fc_error_remedy()[0] != '\0');
}

static void refuses_names_that_are_none(void) {
  const fc_call call = mission();
  char* name = malloc(5001);
  CHECK(name != NULL);
  if (name == NULL) return;
  memset(name, 'x', 5000);
  name[5000] = '\0';
  CHECK_ERROR(fc_serves("wmm", &call, -1), FC_ERROR_USAGE, "wmma");
  CHECK_ERROR(fc_serves("", &call, -1), FC_ERROR_USAGE, "phase");
  CHECK_ERROR(fc_serves(NULL, &call, -1), FC_ERROR_USAGE, "null");
  CHECK_ERROR(fc_serves("broken", &call, -1), FC_ERROR_USAGE, "broken");
  CHECK_ERROR(fc_serves(name, &call, -1), FC_ERROR_USAGE, "xxx");
  CHECK(strlen(fc_error_message()) < 512);
  CHECK_ERROR(fc_serves("baseline", NULL, -1), FC_ERROR_USAGE, "null");
  free(name);
}

static void sets_contiguous_strides(void) {
  fc_call call = mission();
  call.batch = 2;
  call.kv_heads = 2;
  call.seq_k = 100;
  call.head_dim = 128;
  CHECK_OK(fc_set_contiguous(&call));
  CHECK(call.q_strides.batch == 8 * 512 * 128 && call.q_strides.head == 512 * 128 &&
        call.q_strides.row == 128);
  CHECK(memcmp(&call.q_strides, &call.o_strides, sizeof call.q_strides) == 0);
  CHECK(call.k_strides.batch == 2 * 100 * 128 && call.k_strides.head == 100 * 128 &&
        call.k_strides.row == 128);
  CHECK(memcmp(&call.k_strides, &call.v_strides, sizeof call.k_strides) == 0);
  CHECK(fabs(call.scale - 1 / sqrt(128.0)) < 1e-7);
  {
    fc_call before;
    call.seq_k = 0;
    before = call;
    CHECK_ERROR(fc_set_contiguous(&call), FC_ERROR_USAGE, "sk = 0");
    CHECK(memcmp(&before, &call, sizeof call) == 0);
  }
  CHECK_ERROR(fc_set_contiguous(NULL), FC_ERROR_USAGE, "null");
}

static void answers_for_no_plan(void) {
  fc_pointers at = {sizeof at, NULL, NULL, NULL, NULL, NULL, NULL};
  fc_kernel_info kernel;
  kernel.struct_size = sizeof kernel;
  fc_plan_destroy(NULL);
  CHECK(fc_plan_workspace_bytes(NULL) == 0);
  CHECK(strcmp(fc_plan_phase(NULL), "") == 0);
  CHECK(strcmp(fc_plan_choice(NULL), "") == 0);
  CHECK(fc_plan_device(NULL) == -1);
  CHECK(fc_plan_calls_library(NULL) == 0);
  CHECK(fc_plan_kernel_count(NULL) == 0);
  CHECK_ERROR(fc_plan_kernel(NULL, 0, &kernel), FC_ERROR_USAGE, "plan is null");
  CHECK_ERROR(fc_launch(NULL, &at, NULL), FC_ERROR_USAGE, "plan is null");
}

static void plans_nothing_where_it_fails(void) {
  fc_plan* const untouched = (fc_plan*)(uintptr_t)0x10;
  fc_plan* plan = untouched;
  fc_call call = mission();
  CHECK_ERROR(fc_plan_create("baseline", &call, 0, NULL), FC_ERROR_USAGE, "null");
  CHECK_ERROR(fc_plan_create("baseline", &call, 4095, &plan), FC_ERROR_NO_DEVICE, "");
  CHECK(fc_error_message()[0] != '\0');
  CHECK(fc_error_remedy()[0] != '\0');
  CHECK(fc_plan_create("auto", &call, -1, &plan) == FC_ERROR_NO_DEVICE);
  CHECK(fc_plan_create("auto", &call, -7, &plan) == FC_ERROR_NO_DEVICE);
  CHECK(fc_serves("auto", &call, 4095) == FC_ERROR_NO_DEVICE);
  call.seq_k = 0;
  CHECK_ERROR(fc_plan_create("baseline", &call, 4095, &plan), FC_ERROR_USAGE,
              "sk = 0"); /* the call comes first */
  CHECK(plan == untouched);
}

static void keeps_an_error_through_calls_that_do_well(void) {
  const fc_call call = mission();
  CHECK_ERROR(fc_serves("nothing", &call, -1), FC_ERROR_USAGE, "nothing");
  CHECK_OK(fc_serves("baseline", &call, -1));
  CHECK(fc_error_status() == FC_ERROR_USAGE);
  CHECK(strstr(fc_error_message(), "nothing") != NULL);
}

static void* other_thread(void* unused) {
  const fc_call call = mission();
  (void)unused;
  CHECK(fc_error_status() == FC_OK);
  CHECK(fc_error_message()[0] == '\0');
  CHECK_ERROR(fc_serves("elsewhere", &call, -1), FC_ERROR_USAGE, "elsewhere");
  return NULL;
}

static void keeps_errors_by_thread(void) {
  const fc_call call = mission();
  pthread_t thread;
  CHECK_ERROR(fc_serves("here", &call, -1), FC_ERROR_USAGE, "here");
  CHECK(pthread_create(&thread, NULL, other_thread, NULL) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(strstr(fc_error_message(), "'here'") != NULL);
}

static void survives_a_host_without_memory(void) {
#if CHECKS_OWN_MALLOC
  const fc_call call = mission();
  fc_status status;
  malloc_fails = 1;
  status = fc_serves("auto", &call, -1);
  malloc_fails = 0;
  CHECK(status == FC_ERROR_MEMORY);
  CHECK(strstr(fc_error_message(), "memory") != NULL);
  CHECK_OK(fc_serves("auto", &call, -1));
#endif
}

int main(void) {
  run_test("says_its_version", says_its_version);
  run_test("has_no_error_before_the_first", has_no_error_before_the_first);
  run_test("names_every_status", names_every_status);
  run_test("lists_the_phases", lists_the_phases);
  run_test("gives_structs_of_other_sizes", gives_structs_of_other_sizes);
  run_test("takes_structs_of_other_sizes", takes_structs_of_other_sizes);
  run_test("serves_good_calls", serves_good_calls);
  run_test("serves_every_listed_phase", serves_every_listed_phase);
  run_test("says_what_is_wrong_with_a_call", says_what_is_wrong_with_a_call);
  run_test("says_each_phases_reason_for_auto", says_each_phases_reason_for_auto);
  run_test("refuses_names_that_are_none", refuses_names_that_are_none);
  run_test("sets_contiguous_strides", sets_contiguous_strides);
  run_test("answers_for_no_plan", answers_for_no_plan);
  run_test("plans_nothing_where_it_fails", plans_nothing_where_it_fails);
  run_test("keeps_an_error_through_calls_that_do_well", keeps_an_error_through_calls_that_do_well);
  run_test("keeps_errors_by_thread", keeps_errors_by_thread);
  run_test("survives_a_host_without_memory", survives_a_host_without_memory);
  return finish();
}
