// CudnnLibrary: cuDNN opened at run time through its backend C interface, so that programs start without it
// and a machine that lacks it is told so. What attention is in its terms lies in kernels/cudnn_attention.h.
//
// Where it is looked for: among the libraries that the process has open already (PyTorch brings its own, and
// two cuDNNs in a process do not go together), then FLASHCORE_CUDNN (the library's file, or a folder that has
// it), then the loader's own search and the toolkit's folders (cuda/toolkit_libraries.h). cuDNN compiles its
// attention kernels with NVRTC, which is opened beside it.
//
// Owns: the library (for the life of the process) and one handle a device. Threads: any; execute() takes
// turns. Errors: kExternalTool where the library is missing, too old or refuses, with its own words as
// context.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/launchable.h"
#include "core/result.h"
#include "kernels/cudnn_names.h"

namespace flashcore::kernels {

// One attribute of a descriptor, as it is set.
class CudnnSetting {
 public:
  static CudnnSetting numbers(cudnn::Name attribute, const std::vector<std::int64_t>& values);
  static CudnnSetting option(cudnn::Name attribute, int type, int value);  // any of cuDNN's enumerations
  static CudnnSetting flag(cudnn::Name attribute, bool value);
  static CudnnSetting pointers(cudnn::Name attribute, int type, const std::vector<void*>& values);
  static CudnnSetting descriptors(cudnn::Name attribute, const std::vector<void*>& values);
  static CudnnSetting text(cudnn::Name attribute, const std::string& value);

 private:
  friend class CudnnLibrary;
  CudnnSetting(cudnn::Name attribute, int type, std::int64_t count, const void* data, std::size_t bytes);

  cudnn::Name attribute_;
  int type_;
  std::int64_t count_;
  std::vector<std::byte> bytes_;
};

class CudnnLibrary {
 public:
  struct Destroy {
    int (*function)(void*) = nullptr;
    void operator()(void* descriptor) const { (void)function(descriptor); }
  };
  using Descriptor = std::unique_ptr<void, Destroy>;

  // The oldest that is used: 9.10 takes a mask of minus infinity, and 9.10.0 and 9.10.1 compute attention
  // wrongly in cases (NVIDIA/cudnn-frontend, sdpa_support_surface.h).
  static constexpr std::int64_t kOldest = 91002;
  // The first that has attention as one operation (same source).
  static constexpr std::int64_t kFirstWithAttention = 91301;

  // The one library of the process; opened by the first call that succeeds, which may take a second.
  static core::Result<CudnnLibrary*> open();
  // As open() does it, with `chosen` in the place of FLASHCORE_CUDNN (empty: unset), and kept by the caller.
  static core::Result<std::unique_ptr<CudnnLibrary>> load(const std::string& chosen);

  ~CudnnLibrary();
  CudnnLibrary(const CudnnLibrary&) = delete;
  CudnnLibrary& operator=(const CudnnLibrary&) = delete;

  std::int64_t version() const noexcept { return version_; }  // 10000 * major + 100 * minor + patch
  std::string version_text() const;                           // "9.19.0"

  // A descriptor with these attributes, finalized.
  core::Result<Descriptor> make(cudnn::Name kind, std::span<const CudnnSetting> settings) const;
  core::Result<std::int64_t> number(void* descriptor, cudnn::Name attribute, int type) const;
  // The descriptors that an attribute holds, up to `most`.
  core::Result<std::vector<Descriptor>> children(void* descriptor, cudnn::Name attribute, cudnn::Name kind,
                                                 std::int64_t most) const;

  // A cudnnHandle_t; made by the first call on a device.
  core::Result<void*> handle_of_current_device();
  core::Status execute(void* handle, core::StreamHandle stream, void* plan, void* variant_pack);

  // "cuDNN 9.19.0 could not ...", with what it has said since it was last asked, shortened.
  core::Error error(const std::string& what, int status) const;

 private:
  struct Api;
  CudnnLibrary();

  std::unique_ptr<Api> api_;
  std::int64_t version_ = 0;
};

}  // namespace flashcore::kernels
