#include "kernels/cudnn_library.h"

#include <fmt/format.h>

#include <mutex>
#include <utility>

#if FLASHCORE_CUDA

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>

#include "cuda/dynamic_library.h"
#include "cuda/runtime/error.h"
#include "cuda/toolkit_libraries.h"

namespace flashcore::kernels {

using core::ErrorCode;
using core::fail;

struct CudnnLibrary::Api {
  std::size_t (*version)() = nullptr;
  std::size_t (*runtime_version)() = nullptr;
  const char* (*status_name)(int) = nullptr;
  void (*last_error)(char*, std::size_t) = nullptr;
  int (*create_handle)(void**) = nullptr;
  int (*set_stream)(void*, cudaStream_t) = nullptr;
  int (*create)(int, void**) = nullptr;
  int (*destroy)(void*) = nullptr;
  int (*finalize)(void*) = nullptr;
  int (*set)(void*, int, int, std::int64_t, const void*) = nullptr;
  int (*get)(void*, int, int, std::int64_t, std::int64_t*, void*) = nullptr;
  int (*execute)(void*, void*, void*) = nullptr;
  std::map<int, void*> handles;  // by device ordinal
  std::mutex mutex;              // of handles and of what is enqueued through them
};

namespace {

constexpr const char* kSoname = "libcudnn.so.9";
constexpr const char* kRemedy =
    "install cuDNN 9.10.2 or later (the package nvidia-cudnn-cu13 of pip has it), and set FLASHCORE_CUDNN to "
    "libcudnn.so.9 or its folder, or put the folder in LD_LIBRARY_PATH; the other phases do not need it";

std::string version_text_of(std::int64_t version) {
  return fmt::format("{}.{}.{}", version / 10000, version / 100 % 100, version % 100);
}

core::Result<cuda::DynamicLibrary> open_chosen(const std::string& chosen) {
  std::error_code unknown;
  const std::filesystem::path at(chosen);
  if (!std::filesystem::exists(at, unknown)) {
    return fail(ErrorCode::kExternalTool,
                fmt::format("FLASHCORE_CUDNN names {}, which does not exist", chosen), kRemedy);
  }
  std::vector<std::string> candidates{chosen};
  if (std::filesystem::is_directory(at, unknown)) {
    candidates = {(at / kSoname).string(), (at / "lib" / kSoname).string()};
  }
  auto opened = cuda::DynamicLibrary::open(candidates);
  if (opened) return opened;
  return fail(ErrorCode::kExternalTool,
              fmt::format("FLASHCORE_CUDNN names {}, and there is no cuDNN to be opened there", chosen),
              kRemedy, opened.why());
}

core::Result<cuda::DynamicLibrary> open_library(const std::string& chosen) {
  auto opened = cuda::DynamicLibrary::already_open({kSoname});
  if (opened) return opened;
  if (!chosen.empty()) return open_chosen(chosen);
  opened = cuda::DynamicLibrary::open(cuda::toolkit_library_candidates({kSoname}));
  if (opened) return opened;
  return fail(ErrorCode::kExternalTool, fmt::format("cuDNN ({}) was not found", kSoname), kRemedy,
              opened.why());
}

// cuDNN asks the loader for NVRTC by its soname, which succeeds where the process has it open. Where it lies:
// with the toolkit, or in the folders of pip's packages beside cuDNN's.
void open_nvrtc(const std::string& cudnn, std::size_t runtime_version) {
  const std::string soname = fmt::format("libnvrtc.so.{}", runtime_version / 1000);
  if (cuda::DynamicLibrary::already_open({soname})) return;
  std::vector<std::string> candidates = cuda::toolkit_library_candidates({soname});
  if (const std::filesystem::path at(cudnn); at.is_absolute()) {
    const std::filesystem::path packages = at.parent_path().parent_path().parent_path();
    for (const std::string& package :
         {fmt::format("cu{}", runtime_version / 1000), std::string("cuda_nvrtc")}) {
      candidates.push_back((packages / package / "lib" / soname).string());
    }
  }
  (void)cuda::DynamicLibrary::open(candidates);  // without it, making a plan says what is missing
}

}  // namespace

CudnnLibrary::CudnnLibrary() : api_(std::make_unique<Api>()) {}
CudnnLibrary::~CudnnLibrary() = default;

core::Result<CudnnLibrary*> CudnnLibrary::open() {
  static std::mutex mutex;
  static std::unique_ptr<CudnnLibrary> library;
  const std::lock_guard lock(mutex);
  if (library != nullptr) return library.get();
  const char* chosen = std::getenv("FLASHCORE_CUDNN");
  auto loaded = load(chosen != nullptr ? chosen : "");
  if (!loaded) return fail(loaded.error());
  library = std::move(*loaded);
  return library.get();
}

core::Result<std::unique_ptr<CudnnLibrary>> CudnnLibrary::load(const std::string& chosen) {
  const auto opened = open_library(chosen);
  if (!opened) return fail(opened.error());
  std::unique_ptr<CudnnLibrary> library(new CudnnLibrary);
  Api& api = *library->api_;
  const std::string found = fmt::format("the cuDNN that was found ({})", opened->name());
  if (opened->find("cudnnGetVersion", api.version)) {
    library->version_ = static_cast<std::int64_t>(api.version());
    if (library->version_ < kOldest) {
      return fail(ErrorCode::kExternalTool,
                  fmt::format("{} is of version {}, and phase cudnn needs {} or later", found,
                              library->version_text(), version_text_of(kOldest)),
                  kRemedy);
    }
  }
  const char* missing = nullptr;
  const auto need = [&](const char* symbol, auto& function) {
    if (!opened->find(symbol, function) && missing == nullptr) missing = symbol;
  };
  need("cudnnGetVersion", api.version);
  need("cudnnGetCudartVersion", api.runtime_version);
  need("cudnnGetErrorString", api.status_name);
  need("cudnnGetLastErrorString", api.last_error);
  need("cudnnCreate", api.create_handle);
  need("cudnnSetStream", api.set_stream);
  need("cudnnBackendCreateDescriptor", api.create);
  need("cudnnBackendDestroyDescriptor", api.destroy);
  need("cudnnBackendFinalize", api.finalize);
  need("cudnnBackendSetAttribute", api.set);
  need("cudnnBackendGetAttribute", api.get);
  need("cudnnBackendExecute", api.execute);
  if (missing != nullptr) {
    return fail(ErrorCode::kExternalTool, fmt::format("{} lacks the function {}", found, missing), kRemedy);
  }
  open_nvrtc(opened->name(), api.runtime_version());
  return library;
}

std::string CudnnLibrary::version_text() const {
  return version_text_of(version_);
}

core::Error CudnnLibrary::error(const std::string& what, int status) const {
  constexpr std::size_t kMost = 600;
  char text[8192] = {};
  api_->last_error(text, sizeof(text) - 1);
  std::string words(text);
  std::string hint = "take another phase, or a later cuDNN";
  if (status == cudnn::kMissingPrerequisite || words.find("PREREQUISITE_MISSING") != std::string::npos) {
    hint = fmt::format(
        "cuDNN compiles its kernels at run time: install NVRTC (part of the CUDA toolkit), or put the folder "
        "of "
        "libnvrtc.so.{} in LD_LIBRARY_PATH",
        api_->runtime_version() / 1000);
  }
  while (!words.empty() && (words.back() == '\n' || words.back() == ' ')) words.pop_back();
  if (words.size() > kMost) words = words.substr(0, kMost) + " ...";
  return {ErrorCode::kExternalTool,
          fmt::format("cuDNN {} could not {} ({})", version_text(), what, api_->status_name(status)),
          std::move(hint), std::move(words)};
}

core::Result<CudnnLibrary::Descriptor> CudnnLibrary::make(cudnn::Name kind,
                                                          std::span<const CudnnSetting> settings) const {
  const std::lock_guard lock(api_->mutex);  // finalizing uses the handle, which one thread at a time may
  void* made = nullptr;
  if (const int status = api_->create(kind.value, &made); status != cudnn::kSuccess) {
    return fail(error(fmt::format("make a {}", kind.text), status));
  }
  Descriptor descriptor(made, Destroy{api_->destroy});
  for (const CudnnSetting& s : settings) {
    const int status = api_->set(made, s.attribute_.value, s.type_, s.count_, s.bytes_.data());
    if (status == cudnn::kSuccess) continue;
    return fail(error(fmt::format("set {} of a {}", s.attribute_.text, kind.text), status));
  }
  if (const int status = api_->finalize(made); status != cudnn::kSuccess) {
    return fail(error(fmt::format("finalize a {}", kind.text), status));
  }
  return descriptor;
}

core::Result<std::int64_t> CudnnLibrary::number(void* descriptor, cudnn::Name attribute, int type) const {
  std::int64_t value = 0;  // little-endian: right for cuDNN's 32-bit enumerations too
  std::int64_t count = 0;
  const int status = api_->get(descriptor, attribute.value, type, 1, &count, &value);
  if (status != cudnn::kSuccess || count != 1) {
    return fail(error(fmt::format("tell {}", attribute.text), status));
  }
  return value;
}

core::Result<std::vector<CudnnLibrary::Descriptor>> CudnnLibrary::children(void* descriptor,
                                                                           cudnn::Name attribute,
                                                                           cudnn::Name kind,
                                                                           std::int64_t most) const {
  std::vector<Descriptor> made;
  std::vector<void*> slots;
  for (std::int64_t i = 0; i < most; ++i) {
    void* slot = nullptr;
    if (const int status = api_->create(kind.value, &slot); status != cudnn::kSuccess) {
      return fail(error(fmt::format("make a {}", kind.text), status));
    }
    made.emplace_back(slot, Destroy{api_->destroy});
    slots.push_back(slot);
  }
  std::int64_t count = 0;
  const int status =
      api_->get(descriptor, attribute.value, cudnn::kDescriptorType, most, &count, slots.data());
  if (status != cudnn::kSuccess) return fail(error(fmt::format("tell {}", attribute.text), status));
  made.resize(static_cast<std::size_t>(std::min(std::max<std::int64_t>(count, 0), most)));
  return made;
}

core::Result<void*> CudnnLibrary::handle_of_current_device() {
  int device = 0;
  if (auto ok = cuda::cuda_status(cudaGetDevice(&device), "find the current device for cuDNN"); !ok) {
    return fail(ok.error());
  }
  const std::lock_guard lock(api_->mutex);
  void*& handle = api_->handles[device];
  if (handle != nullptr) return handle;
  if (const int status = api_->create_handle(&handle); status != cudnn::kSuccess) {
    handle = nullptr;
    core::Error failed = error("start on this device", status);
    failed.hint = "free device memory, or install a cuDNN that knows this GPU and driver";
    return fail(std::move(failed));
  }
  return handle;
}

core::Status CudnnLibrary::execute(void* handle, core::StreamHandle stream, void* plan, void* variant_pack) {
  const std::lock_guard lock(api_->mutex);
  int status = api_->set_stream(handle, static_cast<cudaStream_t>(stream));
  if (status != cudnn::kSuccess) return fail(error("take the stream", status));
  status = api_->execute(handle, plan, variant_pack);
  if (status != cudnn::kSuccess) return fail(error("launch attention", status));
  return {};
}

CudnnSetting::CudnnSetting(cudnn::Name attribute, int type, std::int64_t count, const void* data,
                           std::size_t bytes)
    : attribute_(attribute), type_(type), count_(count), bytes_(bytes) {
  if (bytes > 0) std::memcpy(bytes_.data(), data, bytes);
}

CudnnSetting CudnnSetting::numbers(cudnn::Name attribute, const std::vector<std::int64_t>& values) {
  return {attribute, cudnn::kInt64Type, static_cast<std::int64_t>(values.size()), values.data(),
          values.size() * sizeof(values[0])};
}

CudnnSetting CudnnSetting::option(cudnn::Name attribute, int type, int value) {
  return {attribute, type, 1, &value, sizeof(value)};
}

CudnnSetting CudnnSetting::flag(cudnn::Name attribute, bool value) {
  return {attribute, cudnn::kBooleanType, 1, &value, sizeof(value)};
}

CudnnSetting CudnnSetting::pointers(cudnn::Name attribute, int type, const std::vector<void*>& values) {
  return {attribute, type, static_cast<std::int64_t>(values.size()), values.data(),
          values.size() * sizeof(values[0])};
}

CudnnSetting CudnnSetting::descriptors(cudnn::Name attribute, const std::vector<void*>& values) {
  return pointers(attribute, cudnn::kDescriptorType, values);
}

CudnnSetting CudnnSetting::text(cudnn::Name attribute, const std::string& value) {
  return {attribute, cudnn::kCharType, static_cast<std::int64_t>(value.size()), value.data(), value.size()};
}

}  // namespace flashcore::kernels

#else

namespace flashcore::kernels {

struct CudnnLibrary::Api {};
CudnnLibrary::~CudnnLibrary() = default;

core::Result<std::unique_ptr<CudnnLibrary>> CudnnLibrary::load(const std::string&) {
  return core::fail(core::ErrorCode::kNoDevice, "cuDNN is not used: this build has no CUDA toolkit",
                    "build with the CUDA toolkit");
}

core::Result<CudnnLibrary*> CudnnLibrary::open() {
  auto nothing = load({});
  return core::fail(nothing.error());
}

}  // namespace flashcore::kernels

#endif
