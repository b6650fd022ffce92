/* clang-format off: it would fill the lines of the example */
/* flashcore_kernels.h: FlashCore's attention kernels as a C library, libflashcore_kernels.so.

   O = softmax(scale * Q K^T [+ causal mask]) V, forward, on one CUDA device. Q and O are B x H x Sq x D, K
   and V are B x Hkv x Sk x D, of one element type; LSE, where it is wanted, is B x H x Sq, FP32, contiguous:
   the natural logarithm of the sum over the keys of exp(scale * q k). The causal mask is aligned bottom
   right: query i sees the keys j <= i + (Sk - Sq). A row that sees no key has O = 0 and LSE = -infinity.

   A phase is one implementation: one rung of the ladder ("baseline", "wmma", "fused", ...) or a library's
   kernel taken as a reference ("cublas", "cudnn"). "auto" is the fastest one of those that serve the call, by
   a table of measured times that is part of the library.

     fc_call call = {sizeof call};                       the rest is zero
     call.batch = 1; call.heads = call.kv_heads = 8;
     call.seq_q = call.seq_k = 512; call.head_dim = 64;
     call.dtype = FC_F16;
     fc_set_contiguous(&call);                           strides, and scale = 1/sqrt(D)
     fc_plan* plan = NULL;
     if (fc_plan_create("auto", &call, 0, &plan) != FC_OK) puts(fc_error_message());
     fc_pointers at = {sizeof at};
     at.q = q; at.k = k; at.v = v; at.o = o;
     at.workspace = ...;                                 fc_plan_workspace_bytes(plan) bytes, if not 0
     fc_launch(plan, &at, stream);                       enqueues and returns; as often as you like
     fc_plan_destroy(plan);

   Owns: a plan belongs to the caller from fc_plan_create to fc_plan_destroy. Tensors, workspace and stream
   are always the caller's. Texts belong to the library: of a phase for the life of the process, of a plan as
   long as the plan, of an error until the next call that fails on the same thread.

   Units: extents and strides in elements, sizes in bytes. Devices are the CUDA runtime's ordinals, from 0.

   Errors: every function that can fail returns an fc_status; what is not FC_OK is explained by
   fc_error_message(), fc_error_remedy() and fc_error_detail() of the same thread. A call that does well
   leaves them as they are. No C++ exception leaves the library, and no call ends the process. What is
   refused for breaking a rule (FC_ERROR_USAGE) launched nothing and left untouched what it would have
   written. A launch that the device or a library failed may have enqueued the first of several kernels:
   what O, LSE and workspace hold then is undefined.

   Threads: every function may be called from any thread at any time, with these limits. A plan must not be
   destroyed while another call uses it. fc_launch of a plan whose fc_plan_calls_library() is 0 may run in any
   number of threads at once, on the same plan too. Launches of plans that call a library (cublas, cudnn) must
   not overlap one another in time on the host, as libraries keep state per device. A workspace serves one
   launch at a time: launches that may overlap on the GPU (other streams) need one each.

   Streams: a cudaStream_t or CUstream as void*; NULL is the legacy default stream. The library carries a CUDA
   runtime of its own and works in the device's primary context, as PyTorch and every program of the runtime
   do, so streams, events and pointers of theirs are its own too.

   Versions: the library's file is libflashcore_kernels.so.MAJOR. Within one MAJOR functions and members are
   added, never taken away, and numbers keep their meaning; MINOR grows with each addition. Structs begin with
   struct_size, which the caller sets to sizeof: a library that knows more than its caller fills in zeros, one
   that knows less takes the call as long as the members that it does not know are all zero. Zero always
   stands for "as before this member existed". C99 and C++11; needs nothing but the two headers below. */
/* clang-format on */
#ifndef FLASHCORE_KERNELS_H
#define FLASHCORE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* Of this header; fc_version() is the library's. */
#define FLASHCORE_KERNELS_VERSION_MAJOR 0
#define FLASHCORE_KERNELS_VERSION_MINOR 1
#define FLASHCORE_KERNELS_VERSION (FLASHCORE_KERNELS_VERSION_MAJOR * 1000 + FLASHCORE_KERNELS_VERSION_MINOR)

#if defined(__GNUC__)
#define FC_API __attribute__((visibility("default")))
#else
#define FC_API
#endif
#ifdef __cplusplus
#define FC_NOEXCEPT noexcept
extern "C" {
#else
#define FC_NOEXCEPT
#endif

/* --- Results --- */

/* A status is an int32_t and not the enumeration, so that a later library may return a number that this
   header does not name. fc_status_name() has a word for each. */
typedef int32_t fc_status;
enum {
  FC_OK = 0,
  FC_ERROR_USAGE = 1,      /* the call breaks a rule, or the phase does not serve it */
  FC_ERROR_NO_DEVICE = 2,  /* no driver, no such device, too old a device, or a library built without CUDA */
  FC_ERROR_PERMISSION = 3, /* the device is there but refuses */
  FC_ERROR_DEVICE = 4,     /* the device or its driver failed */
  FC_ERROR_EXTERNAL_TOOL = 5, /* a library that the phase needs (cuBLAS, cuDNN) is missing or failed */
  FC_ERROR_FILE = 6,          /* a file cannot be read */
  FC_ERROR_MEMORY = 7,        /* the host has no memory left */
  FC_ERROR_INTERNAL = 8       /* a fault of the library itself */
};

FC_API int32_t fc_version(void) FC_NOEXCEPT; /* FLASHCORE_KERNELS_VERSION of the library */
/* What was built: "0.1.0, CUDA 13.0.88, kernels 320770967eed"; the last are the first digits of the sources'
 * hash. */
FC_API const char* fc_build(void) FC_NOEXCEPT;
FC_API const char* fc_status_name(fc_status status) FC_NOEXCEPT; /* "usage", "no_device", ...; never NULL */

/* The last call of this thread that failed. Before any: FC_OK and empty texts. Never NULL. */
FC_API fc_status fc_error_status(void) FC_NOEXCEPT;
FC_API const char* fc_error_message(void) FC_NOEXCEPT; /* one sentence: what happened, with the cause */
FC_API const char* fc_error_remedy(void) FC_NOEXCEPT;  /* what to do; may be empty */
FC_API const char* fc_error_detail(void) FC_NOEXCEPT;  /* the driver's text and the like; may be empty */

/* --- Phases --- */

typedef struct fc_phase_info {
  size_t struct_size;    /* in: sizeof(fc_phase_info) */
  const char* id;        /* "fused": what the functions below take */
  const char* title;     /* "FlashAttention-2 in one kernel" */
  const char* idea;      /* one sentence */
  const char* builds_on; /* id of the rung below; empty for the first and for references */
  const char* problems;  /* what it serves, as a person reads it */
  int32_t rung;          /* place on the ladder */
  int32_t reference;     /* 1: a library's kernel, for comparison */
  int32_t min_compute;   /* least compute capability, 10 * major + minor */
  int32_t reserved;      /* 0 */
} fc_phase_info;

/* The ladder first, by rung, then the references. "auto" is not among them. */
FC_API size_t fc_phase_count(void) FC_NOEXCEPT;
FC_API fc_status fc_phase_at(size_t index, fc_phase_info* info) FC_NOEXCEPT;

/* --- A call: what is fixed when it is planned --- */

enum { FC_F16 = 1, FC_BF16 = 2, FC_F32 = 3, FC_E4M3 = 4, FC_E5M2 = 5 }; /* fc_call.dtype */

/* Of a B, H, S, D tensor; D lies densely. Rows begin on 16 bytes, so strides are multiples of 16 bytes, not
   negative; the row stride is at least D. The inputs may be broadcast by a batch or head stride of 0, rows of
   O may not overlap. The stride of an axis of one entry is not looked at. This struct does not grow. */
typedef struct fc_strides {
  int64_t batch, head, row;
} fc_strides;

typedef struct fc_call {
  size_t struct_size; /* in: sizeof(fc_call) */
  int64_t batch;      /* B */
  int64_t heads;      /* H */
  int64_t kv_heads;   /* Hkv, divides H: query head h reads key head h / (H / Hkv) */
  int64_t seq_q;      /* Sq */
  int64_t seq_k;      /* Sk */
  int64_t head_dim;   /* D */
  int32_t dtype;      /* FC_F16, ...: of Q, K, V and O */
  int32_t causal;     /* not 0: causal, bottom right */
  fc_strides q_strides, k_strides, v_strides, o_strides;
  float scale;      /* finite and positive; fc_set_contiguous() sets 1/sqrt(D) */
  int32_t with_lse; /* not 0: LSE is written too */
} fc_call;

/* Sets the strides of row-major B, H, S, D tensors and scale = 1/sqrt(D) by the extents in `call`. Fails
   where the extents break a rule. */
FC_API fc_status fc_set_contiguous(fc_call* call) FC_NOEXCEPT;

/* FC_OK where nothing that can be told without planning speaks against a plan: the call keeps the rules, the
   phase serves it, the device can run the phase, what the phase needs is installed. Otherwise why not. A
   library (cublas, cudnn) may still refuse the call when it is planned: fc_plan_create() has the last word.
   `device` -1 asks for the call and the phase alone: nothing of CUDA is touched then, and no library is
   opened. `phase` may be "auto": whether any phase would do. */
FC_API fc_status fc_serves(const char* phase, const fc_call* call, int32_t device) FC_NOEXCEPT;

/* --- A plan: made once, launched often --- */

typedef struct fc_plan fc_plan;

/* Of "auto" the fastest phase that can be planned: one that a library refuses only now is passed over, and
   where none is left fc_error_detail() has each one's reason.
   Checks, sizes and names everything, loads the kernels and opens what the phase needs: far more than a
   launch, most of all the first time of a process. The calling thread's current device is left as it was; the
   device's primary context is created where there is none. Not to be called while a stream of the thread is
   being captured. */
FC_API fc_status fc_plan_create(const char* phase, const fc_call* call, int32_t device,
                                fc_plan** plan) FC_NOEXCEPT;
/* Launches that were enqueued and captured graphs need the plan no longer, but for a plan that calls a
   library: it has to outlive them. NULL is allowed. */
FC_API void fc_plan_destroy(fc_plan* plan) FC_NOEXCEPT;

/* Of a NULL plan: 0, -1 for the device, empty texts. */
FC_API size_t fc_plan_workspace_bytes(const fc_plan* plan) FC_NOEXCEPT;
FC_API const char* fc_plan_phase(const fc_plan* plan) FC_NOEXCEPT; /* its id; of "auto": what was taken */
/* What was chosen for this call and device: "64 x 64 tiles, keys over 4 warps"; may be empty. */
FC_API const char* fc_plan_choice(const fc_plan* plan) FC_NOEXCEPT;
FC_API int32_t fc_plan_device(const fc_plan* plan) FC_NOEXCEPT;
/* 1: a launch enqueues kernels of a library too. */
FC_API int32_t fc_plan_calls_library(const fc_plan* plan) FC_NOEXCEPT;

typedef struct fc_kernel_info {
  size_t struct_size;           /* in: sizeof(fc_kernel_info) */
  const char* name;             /* "attention_wmma<__half, 64>" */
  int64_t grid[3];              /* blocks along x, y, z */
  int32_t block[3];             /* threads along x, y, z */
  int32_t registers;            /* a thread; -1 where it is not known (a library's kernel) */
  int64_t dynamic_shared_bytes; /* a block */
  int64_t static_shared_bytes;  /* a block; -1 where it is not known */
  int64_t local_bytes;          /* a thread: stack and spills; -1 where it is not known */
} fc_kernel_info;

/* The kernels of one launch in order. Of a library only those that it names. */
FC_API size_t fc_plan_kernel_count(const fc_plan* plan) FC_NOEXCEPT;
FC_API fc_status fc_plan_kernel(const fc_plan* plan, size_t index, fc_kernel_info* info) FC_NOEXCEPT;

/* --- A launch --- */

/* Device memory of the plan's device. Q, K, V and O begin on 16 bytes, the workspace on 256. What is written
   (O, LSE, workspace) overlaps nothing else. */
typedef struct fc_pointers {
  size_t struct_size; /* in: sizeof(fc_pointers) */
  const void* q;
  const void* k;
  const void* v;
  void* o;
  float* lse;      /* needed with fc_call.with_lse, not looked at without */
  void* workspace; /* fc_plan_workspace_bytes() of them; not looked at where that is 0; need not be
                      initialised */
} fc_pointers;

/* Enqueues one forward pass on `stream` and returns. Checks the pointers (not null, aligned) and that the
   plan's device is the calling thread's current one; sets no attribute, waits for nothing on the device; may
   be captured in a graph, also as a plan's first launch where no library is called. Where no library is
   called (fc_plan_calls_library()) it allocates nothing and takes no lock of its own; a library's launch may
   do both, on the host.
   What goes wrong on the device later is the caller's to see, as with any launch. */
FC_API fc_status fc_launch(const fc_plan* plan, const fc_pointers* at, void* stream) FC_NOEXCEPT;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* FLASHCORE_KERNELS_H */
