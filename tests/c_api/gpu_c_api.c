/* The library on a GPU, from C: every phase against attention computed plainly on the host, streams, threads,
   graphs, and what a launch refuses. Of CUDA the program uses the runtime's C API, linked statically: so
   there are two runtimes in it, the program's and the library's, as in a Python process. Without a GPU it
   says so and ends with 77. */
#include <cuda_runtime_api.h>
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <time.h>

#include "checks.h"
#include "flashcore_kernels.h"

#define CUDA_OK(call)                                                                              \
  do {                                                                                             \
    const cudaError_t cuda_got = (call);                                                           \
    if (cuda_got != cudaSuccess) {                                                                 \
      printf("%s:%d: Failure: %s: %s\n", __FILE__, __LINE__, #call, cudaGetErrorString(cuda_got)); \
      exit(1);                                                                                     \
    }                                                                                              \
  } while (0)

/* --- Element types --- */

/* binary16 of a number within its normal range, and 0; rounds to nearest, ties to even. */
static uint16_t to_half(float x) {
  uint32_t bits, rest, half;
  memcpy(&bits, &x, 4);
  rest = bits & 0x7fffffffu;
  if (rest < 0x38800000u) return (uint16_t)(bits >> 16 & 0x8000u);
  half = ((rest - 0x38000000u) + 0xfffu + (rest >> 13 & 1u)) >> 13;
  return (uint16_t)((bits >> 16 & 0x8000u) | half);
}

static double from_half(uint16_t h) {
  const int exponent = h >> 10 & 31;
  const double mantissa = h & 1023;
  const double value = exponent == 0    ? ldexp(mantissa, -24)
                       : exponent == 31 ? (mantissa == 0 ? INFINITY : NAN)
                                        : ldexp(1024 + mantissa, exponent - 25);
  return h & 0x8000 ? -value : value;
}

static uint16_t to_bfloat(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

static double from_bfloat(uint16_t b) {
  const uint32_t bits = (uint32_t)b << 16;
  float x;
  memcpy(&x, &bits, 4);
  return x;
}

static double from_element(uint16_t e, int32_t dtype) {
  return dtype == FC_F16 ? from_half(e) : from_bfloat(e);
}

/* --- One problem, in B, S, H, D order with padded rows --- */

enum { B = 2, H = 4, HKV = 2, SQ = 37, SK = 53, D = 64, ROW = 72 };
static const size_t q_elements = (size_t)B * SQ * H * ROW, kv_elements = (size_t)B * SK * HKV * ROW,
                    lse_elements = (size_t)B * H * SQ;

typedef struct problem {
  fc_call call;
  uint16_t *q, *k, *v;      /* on the host */
  double *o, *lse;          /* what is right: B, SQ, H, D and B, H, SQ */
  void *on_q, *on_k, *on_v; /* on the device */
} problem;

static uint16_t* random_elements(size_t count, int32_t dtype, uint32_t* state) {
  uint16_t* made = malloc(count * sizeof *made);
  size_t i;
  if (made == NULL) exit(1);
  for (i = 0; i < count; ++i) {
    *state = *state * 1664525u + 1013904223u; /* Numerical Recipes, section 7.1 */
    {
      const float x = (float)(*state >> 8) / 8388608.0f - 1.0f;
      made[i] = dtype == FC_F16 ? to_half(x) : to_bfloat(x);
    }
  }
  return made;
}

static void* on_device(const void* from, size_t bytes) {
  void* at = NULL;
  CUDA_OK(cudaMalloc(&at, bytes));
  if (from != NULL) CUDA_OK(cudaMemcpy(at, from, bytes, cudaMemcpyHostToDevice));
  return at;
}

static const uint16_t* row_of(const uint16_t* tensor, int heads, int seq, int b, int s, int h) {
  return tensor + (((size_t)b * seq + s) * heads + h) * ROW;
}

static void attend_row(problem* p, int b, int h, int i) {
  const uint16_t* q = row_of(p->q, H, SQ, b, i, h);
  const int keys = p->call.causal ? (i + SK - SQ + 1 < SK ? i + SK - SQ + 1 : SK) : SK;
  double scores[SK], most = -INFINITY, sum = 0;
  double* o = p->o + (((size_t)b * SQ + i) * H + h) * D;
  int j, d;
  for (j = 0; j < keys; ++j) {
    const uint16_t* k = row_of(p->k, HKV, SK, b, j, h / (H / HKV));
    double score = 0;
    for (d = 0; d < D; ++d) score += from_element(q[d], p->call.dtype) * from_element(k[d], p->call.dtype);
    scores[j] = score * p->call.scale;
    if (scores[j] > most) most = scores[j];
  }
  for (d = 0; d < D; ++d) o[d] = 0;
  for (j = 0; j < keys; ++j) {
    const uint16_t* v = row_of(p->v, HKV, SK, b, j, h / (H / HKV));
    const double weight = exp(scores[j] - most);
    sum += weight;
    for (d = 0; d < D; ++d) o[d] += weight * from_element(v[d], p->call.dtype);
  }
  for (d = 0; d < D; ++d) o[d] /= sum;
  p->lse[((size_t)b * H + h) * SQ + i] = most + log(sum);
}

static void make_problem(problem* p, int32_t dtype, int causal, int with_lse) {
  const fc_strides q = {(int64_t)SQ * H * ROW, ROW, (int64_t)H * ROW};
  const fc_strides kv = {(int64_t)SK * HKV * ROW, ROW, (int64_t)HKV * ROW};
  uint32_t state = 7;
  int b, h, i;
  memset(p, 0, sizeof *p);
  p->call.struct_size = sizeof p->call;
  p->call.batch = B;
  p->call.heads = H;
  p->call.kv_heads = HKV;
  p->call.seq_q = SQ;
  p->call.seq_k = SK;
  p->call.head_dim = D;
  p->call.dtype = dtype;
  p->call.causal = causal;
  p->call.scale = 0.3f;
  p->call.with_lse = with_lse;
  p->call.q_strides = p->call.o_strides = q;
  p->call.k_strides = p->call.v_strides = kv;
  p->q = random_elements(q_elements, dtype, &state);
  p->k = random_elements(kv_elements, dtype, &state);
  p->v = random_elements(kv_elements, dtype, &state);
  p->o = malloc(sizeof(double) * B * SQ * H * D);
  p->lse = malloc(sizeof(double) * lse_elements);
  if (p->o == NULL || p->lse == NULL) exit(1);
  for (b = 0; b < B; ++b)
    for (h = 0; h < H; ++h)
      for (i = 0; i < SQ; ++i) attend_row(p, b, h, i);
  p->on_q = on_device(p->q, q_elements * 2);
  p->on_k = on_device(p->k, kv_elements * 2);
  p->on_v = on_device(p->v, kv_elements * 2);
}

static void drop_problem(problem* p) {
  free(p->q);
  free(p->k);
  free(p->v);
  free(p->o);
  free(p->lse);
  CUDA_OK(cudaFree(p->on_q));
  CUDA_OK(cudaFree(p->on_k));
  CUDA_OK(cudaFree(p->on_v));
}

/* A plan with all that a launch needs but the inputs; the outputs begin as bytes 0xff (NaN). */
typedef struct output {
  fc_plan* plan;
  fc_pointers at;
} output;

static void make_output(output* out, const problem* p, fc_plan* plan) {
  const size_t workspace = fc_plan_workspace_bytes(plan);
  memset(out, 0, sizeof *out);
  out->plan = plan;
  out->at.struct_size = sizeof out->at;
  out->at.q = p->on_q;
  out->at.k = p->on_k;
  out->at.v = p->on_v;
  out->at.o = on_device(NULL, q_elements * 2);
  if (p->call.with_lse) out->at.lse = on_device(NULL, lse_elements * sizeof(float));
  if (workspace > 0) out->at.workspace = on_device(NULL, workspace);
  CUDA_OK(cudaMemset(out->at.o, 0xff, q_elements * 2));
  if (out->at.lse != NULL) CUDA_OK(cudaMemset(out->at.lse, 0xff, lse_elements * sizeof(float)));
  CUDA_OK(cudaDeviceSynchronize());
}

static void drop_output(output* out) {
  CUDA_OK(cudaFree(out->at.o));
  CUDA_OK(cudaFree(out->at.lse));
  CUDA_OK(cudaFree(out->at.workspace));
}

static void fetch(const output* out, uint16_t* o) {
  CUDA_OK(cudaDeviceSynchronize());
  CUDA_OK(cudaMemcpy(o, out->at.o, q_elements * 2, cudaMemcpyDeviceToHost));
}

/* The largest error of O; padding between the rows must be as it was. Values are averages of [-1, 1]. */
static void check_output(const char* what, const problem* p, const output* out) {
  const double limit = p->call.dtype == FC_F16 ? 2e-3 : 1.6e-2;
  uint16_t* o = malloc(q_elements * 2);
  float* lse = malloc(lse_elements * sizeof *lse);
  double worst = 0, worst_lse = 0;
  size_t row, i, spilled = 0;
  if (o == NULL || lse == NULL) exit(1);
  fetch(out, o);
  for (row = 0; row < (size_t)B * SQ * H; ++row) {
    for (i = 0; i < D; ++i) {
      const double error = fabs(from_element(o[row * ROW + i], p->call.dtype) - p->o[row * D + i]);
      if (!(error <= worst)) worst = error;
    }
    for (i = D; i < ROW; ++i) spilled += o[row * ROW + i] != 0xffff;
  }
  if (out->at.lse != NULL) {
    CUDA_OK(cudaMemcpy(lse, out->at.lse, lse_elements * sizeof *lse, cudaMemcpyDeviceToHost));
    for (i = 0; i < lse_elements; ++i) {
      const double error = fabs(lse[i] - p->lse[i]);
      if (!(error <= worst_lse)) worst_lse = error;
    }
  }
  printf("  %-28s error %.1e, of LSE %.1e\n", what, worst, worst_lse);
  CHECK(worst <= limit);
  CHECK(worst_lse <= 1e-3);
  CHECK(spilled == 0);
  free(o);
  free(lse);
}

/* --- Tests --- */

static void check_kernels(const fc_plan* plan, int own) {
  size_t i;
  CHECK(fc_plan_kernel_count(plan) > 0 || !own);
  for (i = 0; i < fc_plan_kernel_count(plan); ++i) {
    fc_kernel_info kernel;
    kernel.struct_size = sizeof kernel;
    CHECK_OK(fc_plan_kernel(plan, i, &kernel));
    CHECK(kernel.name[0] != '\0');
    CHECK(kernel.grid[0] >= 1 && kernel.grid[1] >= 1 && kernel.grid[2] >= 1);
    CHECK(kernel.block[0] * kernel.block[1] * kernel.block[2] >= 32);
    CHECK(!own || (kernel.registers > 0 && kernel.registers <= 255));
    printf("  %s: grid %lld, block %d, %d registers\n", kernel.name, (long long)kernel.grid[0],
           (int)kernel.block[0], (int)kernel.registers);
  }
  {
    fc_kernel_info kernel;
    kernel.struct_size = sizeof kernel;
    CHECK_ERROR(fc_plan_kernel(plan, 1000, &kernel), FC_ERROR_USAGE, "there is no kernel");
  }
}

/* Whether the phase ran: what is missing on this machine is said and is no failure, but of a reference only.
 */
static int run_phase(const char* id, int reference, int32_t dtype, int causal, int with_lse) {
  problem p;
  fc_plan* plan = NULL;
  fc_status status;
  char what[96];
  (void)snprintf(what, sizeof what, "%s %s%s%s", id, dtype == FC_F16 ? "f16" : "bf16",
                 causal ? " causal" : "", with_lse ? " lse" : "");
  make_problem(&p, dtype, causal, with_lse);
  status = fc_serves(id, &p.call, 0);
  CHECK(status == fc_plan_create(id, &p.call, 0, &plan)); /* they agree */
  if (status == FC_OK && plan != NULL) {
    output out;
    make_output(&out, &p, plan);
    CHECK(fc_plan_device(plan) == 0);
    CHECK(strcmp(id, "auto") == 0 ? fc_plan_phase(plan)[0] != '\0' : strcmp(fc_plan_phase(plan), id) == 0);
    CHECK_OK(fc_launch(plan, &out.at, NULL));
    check_output(what, &p, &out);
    if (!causal && dtype == FC_F16) {
      printf("  %s takes %s, choice '%s', workspace %zu\n", id, fc_plan_phase(plan), fc_plan_choice(plan),
             fc_plan_workspace_bytes(plan));
      check_kernels(plan, !fc_plan_calls_library(plan));
    }
    drop_output(&out);
  } else {
    printf("  %s is left out: %s\n", what, fc_error_message());
    CHECK(reference);
    CHECK(fc_error_message()[0] != '\0');
  }
  fc_plan_destroy(plan);
  drop_problem(&p);
  return status == FC_OK;
}

/* The first test, so that no kernel was launched before: planning has loaded it. */
static void a_first_launch_may_be_captured(void) {
  size_t i;
  for (i = 0; i < fc_phase_count(); ++i) {
    fc_phase_info info;
    problem p;
    fc_plan* plan = NULL;
    info.struct_size = sizeof info;
    CHECK_OK(fc_phase_at(i, &info));
    make_problem(&p, FC_F16, 0, 1);
    if (!info.reference) CHECK_OK(fc_plan_create(info.id, &p.call, 0, &plan));
    if (plan != NULL && !fc_plan_calls_library(plan)) {
      output out;
      cudaStream_t stream;
      cudaGraph_t graph = NULL;
      cudaGraphExec_t exec;
      make_output(&out, &p, plan);
      CUDA_OK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
      CUDA_OK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
      CHECK_OK(fc_launch(plan, &out.at, stream));
      CUDA_OK(cudaStreamEndCapture(stream, &graph));
      CUDA_OK(cudaGraphInstantiate(&exec, graph, 0));
      CUDA_OK(cudaGraphLaunch(exec, stream));
      check_output(info.id, &p, &out);
      CUDA_OK(cudaGraphExecDestroy(exec));
      CUDA_OK(cudaGraphDestroy(graph));
      CUDA_OK(cudaStreamDestroy(stream));
      drop_output(&out);
    }
    fc_plan_destroy(plan);
    drop_problem(&p);
  }
}

static void every_phase_is_right(void) {
  size_t i;
  for (i = 0; i < fc_phase_count(); ++i) {
    fc_phase_info info;
    int ran, causal;
    info.struct_size = sizeof info;
    CHECK_OK(fc_phase_at(i, &info));
    ran = run_phase(info.id, info.reference, FC_F16, 0, 0);
    for (causal = 0; causal < 2; ++causal) {
      ran += run_phase(info.id, info.reference, FC_F16, causal, 1);
      ran += run_phase(info.id, info.reference, FC_BF16, causal, 1);
    }
    if (ran == 0) printf("  %s did not run at all\n", info.id);
  }
}

static void auto_is_right(void) {
  CHECK(run_phase("auto", 0, FC_F16, 0, 0) == 1);
  CHECK(run_phase("auto", 0, FC_BF16, 1, 1) == 1);
}

static void a_launch_refuses_bad_pointers(void) {
  problem p;
  fc_plan* plan = NULL;
  output out;
  uint16_t* o = malloc(q_elements * 2);
  size_t i;
  fc_pointers at;
  make_problem(&p, FC_F16, 0, 1);
  CHECK_OK(fc_plan_create("wmma", &p.call, 0, &plan));
  make_output(&out, &p, plan);
#define REFUSED(change, words)                                      \
  do {                                                              \
    at = out.at;                                                    \
    change;                                                         \
    CHECK_ERROR(fc_launch(plan, &at, NULL), FC_ERROR_USAGE, words); \
  } while (0)
  REFUSED(at.q = NULL, "Q is null");
  REFUSED(at.k = NULL, "K is null");
  REFUSED(at.v = NULL, "V is null");
  REFUSED(at.o = NULL, "O is null");
  REFUSED(at.lse = NULL, "LSE is null");
  REFUSED(at.q = (const char*)at.q + 2, "Q does not start");
  REFUSED(at.k = (const char*)at.k + 8, "K does not start");
  REFUSED(at.o = (char*)at.o + 2, "O does not start");
  REFUSED(at.lse = (float*)((char*)at.lse + 2), "LSE does not start");
  REFUSED(at.struct_size = 8, "struct_size of fc_pointers");
  CHECK_ERROR(fc_launch(plan, NULL, NULL), FC_ERROR_USAGE, "null");
#undef REFUSED
  CUDA_OK(cudaDeviceSynchronize());
  CUDA_OK(cudaMemcpy(o, out.at.o, q_elements * 2, cudaMemcpyDeviceToHost));
  for (i = 0; i < q_elements && o[i] == 0xffff; ++i) continue;
  CHECK(i == q_elements); /* nothing was launched */
  free(o);
  drop_output(&out);
  fc_plan_destroy(plan);
  drop_problem(&p);
}

/* The answer on the default stream, that others must equal bit for bit. */
static uint16_t* answer_of(const problem* p, fc_plan* plan) {
  uint16_t* o = malloc(q_elements * 2);
  output out;
  if (o == NULL) exit(1);
  make_output(&out, p, plan);
  CHECK_OK(fc_launch(plan, &out.at, NULL));
  fetch(&out, o);
  drop_output(&out);
  return o;
}

static int same_answer(const output* out, const uint16_t* right) {
  uint16_t* o = malloc(q_elements * 2);
  int same;
  if (o == NULL) exit(1);
  fetch(out, o);
  same = memcmp(o, right, q_elements * 2) == 0;
  free(o);
  return same;
}

static void streams_and_graphs_take_a_launch(void) {
  size_t n;
  for (n = 0; n < fc_phase_count(); ++n) {
    fc_phase_info info;
    problem p;
    fc_plan* plan = NULL;
    output a, b;
    uint16_t* right;
    cudaStream_t one, two;
    cudaGraph_t graph;
    cudaGraphExec_t exec;
    int i;
    info.struct_size = sizeof info;
    CHECK_OK(fc_phase_at(n, &info));
    make_problem(&p, FC_F16, 1, 0);
    if (fc_plan_create(info.id, &p.call, 0, &plan) != FC_OK) {
      printf("  %s is left out: %s\n", info.id, fc_error_message());
      CHECK(info.reference);
      drop_problem(&p);
      continue;
    }
    right = answer_of(&p, plan);
    make_output(&a, &p, plan);
    make_output(&b, &p, plan);
    CUDA_OK(cudaStreamCreateWithFlags(&one, cudaStreamNonBlocking));
    CUDA_OK(cudaStreamCreateWithFlags(&two, cudaStreamNonBlocking));
    for (i = 0; i < 50; ++i) {
      CHECK_OK(fc_launch(plan, &a.at, one));
      CHECK_OK(fc_launch(plan, &b.at, two));
    }
    CHECK(same_answer(&a, right));
    CHECK(same_answer(&b, right));

    CUDA_OK(cudaMemset(a.at.o, 0xff, q_elements * 2));
    CUDA_OK(cudaStreamBeginCapture(one, cudaStreamCaptureModeThreadLocal));
    CHECK_OK(fc_launch(plan, &a.at, one));
    CUDA_OK(cudaStreamEndCapture(one, &graph));
    CUDA_OK(cudaGraphInstantiate(&exec, graph, 0));
    CHECK(!same_answer(&a, right));     /* captured, not run */
    if (!fc_plan_calls_library(plan)) { /* the graph needs it no longer */
      fc_plan_destroy(plan);
      plan = NULL;
    }
    for (i = 0; i < 3; ++i) CUDA_OK(cudaGraphLaunch(exec, one));
    CHECK(same_answer(&a, right));
    fc_plan_destroy(plan);
    CUDA_OK(cudaGraphExecDestroy(exec));
    CUDA_OK(cudaGraphDestroy(graph));
    CUDA_OK(cudaStreamDestroy(one));
    CUDA_OK(cudaStreamDestroy(two));
    free(right);
    drop_output(&a);
    drop_output(&b);
    drop_problem(&p);
  }
}

typedef struct worker {
  output out;
  int wrong;
} worker;

static void* launch_often(void* at) {
  worker* self = at;
  cudaStream_t stream;
  int i;
  CUDA_OK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  for (i = 0; i < 500; ++i) self->wrong += fc_launch(self->out.plan, &self->out.at, stream) != FC_OK;
  CUDA_OK(cudaStreamSynchronize(stream));
  CUDA_OK(cudaStreamDestroy(stream));
  return NULL;
}

static void threads_share_a_plan(void) {
  enum { THREADS = 4 };
  problem p;
  fc_plan* plan = NULL;
  uint16_t* right;
  worker workers[THREADS];
  pthread_t threads[THREADS];
  int i;
  make_problem(&p, FC_BF16, 0, 0);
  CHECK_OK(fc_plan_create("wmma", &p.call, 0, &plan));
  right = answer_of(&p, plan);
  for (i = 0; i < THREADS; ++i) {
    workers[i].wrong = 0;
    make_output(&workers[i].out, &p, plan);
  }
  for (i = 0; i < THREADS; ++i) CHECK(pthread_create(&threads[i], NULL, launch_often, &workers[i]) == 0);
  for (i = 0; i < THREADS; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
  for (i = 0; i < THREADS; ++i) {
    CHECK(workers[i].wrong == 0);
    CHECK(same_answer(&workers[i].out, right));
    drop_output(&workers[i].out);
  }
  free(right);
  fc_plan_destroy(plan);
  drop_problem(&p);
}

static void a_launch_allocates_nothing(void) {
  enum { LAUNCHES = 2000 };
  problem p;
  fc_plan* plan = NULL;
  output out;
  struct timespec begin, end;
  int i;
  make_problem(&p, FC_F16, 0, 0);
  CHECK_OK(fc_plan_create("wmma", &p.call, 0, &plan));
  make_output(&out, &p, plan);
  for (i = 0; i < 200; ++i) CHECK_OK(fc_launch(plan, &out.at, NULL));
  CUDA_OK(cudaDeviceSynchronize());
  {
#if CHECKS_OWN_MALLOC
    const long before = malloc_calls;
#endif
    (void)clock_gettime(CLOCK_MONOTONIC, &begin);
    for (i = 0; i < LAUNCHES; ++i) CHECK(fc_launch(plan, &out.at, NULL) == FC_OK);
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
#if CHECKS_OWN_MALLOC
    /* The driver may allocate now and then; one in each launch would be ours. */
    printf("  %d launches: %ld allocations\n", LAUNCHES, malloc_calls - before);
    CHECK(malloc_calls - before < LAUNCHES / 10);
#endif
  }
  printf(
      "  %.2f us a launch on the host, the driver's part with it\n",
      (1e6 * (double)(end.tv_sec - begin.tv_sec) + 1e-3 * (double)(end.tv_nsec - begin.tv_nsec)) / LAUNCHES);
  CUDA_OK(cudaDeviceSynchronize());
  drop_output(&out);
  fc_plan_destroy(plan);
  drop_problem(&p);
}

static void devices_that_are_not_there_are_refused(void) {
  problem p;
  fc_plan* plan = NULL;
  int count = 0;
  CUDA_OK(cudaGetDeviceCount(&count));
  make_problem(&p, FC_F16, 0, 0);
  CHECK_ERROR(fc_plan_create("wmma", &p.call, count, &plan), FC_ERROR_NO_DEVICE, "there is no device");
  CHECK_ERROR(fc_serves("auto", &p.call, -2), FC_ERROR_NO_DEVICE, "there is no device");
  CHECK(plan == NULL);
  drop_problem(&p);
}

static void a_launch_wants_its_device(void) {
  problem p;
  fc_plan *first = NULL, *second = NULL;
  output out;
  int current = -1;
  make_problem(&p, FC_F16, 0, 0);
  CHECK_OK(fc_plan_create("wmma", &p.call, 0, &first));
  CHECK_OK(fc_plan_create("wmma", &p.call, 1, &second));
  CUDA_OK(cudaGetDevice(&current));
  CHECK(current == 0); /* planning for another device leaves the current one */
  make_output(&out, &p, first);
  CHECK_ERROR(fc_launch(second, &out.at, NULL), FC_ERROR_USAGE, "device 1");
  CHECK_OK(fc_launch(first, &out.at, NULL));
  check_output("wmma on device 0", &p, &out);
  drop_output(&out);
  drop_problem(&p);

  CUDA_OK(cudaSetDevice(1)); /* the program's runtime; the library's must see it */
  make_problem(&p, FC_F16, 0, 0);
  make_output(&out, &p, second);
  CHECK_ERROR(fc_launch(first, &out.at, NULL), FC_ERROR_USAGE, "device 0");
  CHECK_OK(fc_launch(second, &out.at, NULL));
  check_output("wmma on device 1", &p, &out);
  drop_output(&out);
  drop_problem(&p);
  CUDA_OK(cudaSetDevice(0));
  fc_plan_destroy(first);
  fc_plan_destroy(second);
}

int main(void) {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess || count == 0) {
    printf("SKIPPED: the GPU tests need a GPU (%s)\n",
           error != cudaSuccess ? cudaGetErrorString(error) : "no CUDA device");
    return 77;
  }
  printf("library %s\n", fc_build());
  CUDA_OK(cudaSetDevice(0));
  run_test("a_first_launch_may_be_captured", a_first_launch_may_be_captured);
  run_test("every_phase_is_right", every_phase_is_right);
  run_test("auto_is_right", auto_is_right);
  run_test("a_launch_refuses_bad_pointers", a_launch_refuses_bad_pointers);
  run_test("streams_and_graphs_take_a_launch", streams_and_graphs_take_a_launch);
  run_test("threads_share_a_plan", threads_share_a_plan);
  run_test("a_launch_allocates_nothing", a_launch_allocates_nothing);
  run_test("devices_that_are_not_there_are_refused", devices_that_are_not_there_are_refused);
  if (count > 1) {
    run_test("a_launch_wants_its_device", a_launch_wants_its_device);
  } else {
    printf("[ SKIPPED ] a_launch_wants_its_device: it needs two GPUs\n");
    ++tests_skipped;
  }
  return finish();
}
