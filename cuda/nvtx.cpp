#include "cuda/nvtx.h"

#include <vector>

#if FLASHCORE_CUDA
#include <nvtx3/nvToolsExt.h>
#endif

namespace flashcore::cuda {
namespace {

thread_local std::vector<std::string> open_ranges;

#if FLASHCORE_CUDA
nvtxDomainHandle_t domain() {
  static const nvtxDomainHandle_t handle = nvtxDomainCreateA(std::string(kNvtxDomain).c_str());
  return handle;
}

void push(const std::string& name) {
  nvtxEventAttributes_t attributes{};
  attributes.version = NVTX_VERSION;
  attributes.size = NVTX_EVENT_ATTRIB_STRUCT_SIZE;
  attributes.messageType = NVTX_MESSAGE_TYPE_ASCII;
  attributes.message.ascii = name.c_str();
  nvtxDomainRangePushEx(domain(), &attributes);
}

void pop() {
  nvtxDomainRangePop(domain());
}
#else
void push(const std::string&) {}
void pop() {}
#endif

}  // namespace

NvtxRange::NvtxRange(std::string_view name) {
  push(open_ranges.emplace_back(name));
}

NvtxRange::~NvtxRange() {
  open_ranges.pop_back();
  pop();
}

std::string nvtx_path() {
  std::string path;
  for (const std::string& name : open_ranges) {
    if (!path.empty()) path += '/';
    path += name;
  }
  return path;
}

}  // namespace flashcore::cuda
