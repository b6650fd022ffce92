// libcupti as a table of functions, opened on first use. CUPTI's headers give the types, so a call
// with wrong arguments does not compile; nothing links the library.
//
// Owns: the open library, for the life of the process. Threads: any (opened once).
// Errors: kExternalTool when libcupti is not found, is of another major version, or lacks a function.
#pragma once

#include <cuda.h>
#include <cupti.h>
#include <cupti_profiler_host.h>
#include <cupti_profiler_target.h>
#include <cupti_range_profiler.h>
#include <cupti_target.h>

#include <cstdint>
#include <string>

#include "core/result.h"

namespace flashcore::collectors {

struct CuptiLibrary {
  std::string path;  // as the loader found it
  std::uint32_t version = 0;

  decltype(&cuptiGetVersion) get_version = nullptr;
  decltype(&cuptiGetResultString) result_string = nullptr;
  decltype(&cuptiDeviceGetChipName) device_chip_name = nullptr;
  decltype(&cuptiProfilerInitialize) profiler_initialize = nullptr;
  decltype(&cuptiProfilerDeInitialize) profiler_deinitialize = nullptr;
  decltype(&cuptiProfilerDeviceSupported) device_supported = nullptr;
  decltype(&cuptiProfilerGetCounterAvailability) counter_availability = nullptr;
  decltype(&cuptiProfilerHostGetSupportedChips) host_chips = nullptr;
  decltype(&cuptiProfilerHostInitialize) host_initialize = nullptr;
  decltype(&cuptiProfilerHostDeinitialize) host_deinitialize = nullptr;
  decltype(&cuptiProfilerHostGetMetricProperties) host_properties = nullptr;
  decltype(&cuptiProfilerHostConfigAddMetrics) host_add = nullptr;
  decltype(&cuptiProfilerHostGetConfigImageSize) host_config_size = nullptr;
  decltype(&cuptiProfilerHostGetConfigImage) host_config = nullptr;
  decltype(&cuptiProfilerHostGetNumOfPasses) host_passes = nullptr;
  decltype(&cuptiProfilerHostEvaluateToGpuValues) host_evaluate = nullptr;
  decltype(&cuptiRangeProfilerEnable) range_enable = nullptr;
  decltype(&cuptiRangeProfilerDisable) range_disable = nullptr;
  decltype(&cuptiRangeProfilerSetConfig) range_set_config = nullptr;
  decltype(&cuptiRangeProfilerStart) range_start = nullptr;
  decltype(&cuptiRangeProfilerStop) range_stop = nullptr;
  decltype(&cuptiRangeProfilerDecodeData) range_decode = nullptr;
  decltype(&cuptiRangeProfilerGetCounterDataSize) range_data_size = nullptr;
  decltype(&cuptiRangeProfilerCounterDataImageInitialize) range_data_initialize = nullptr;
  decltype(&cuptiRangeProfilerGetCounterDataInfo) range_data_info = nullptr;

  // "CUPTI 130001", for provenance.
  std::string tool() const;
  // "CUPTI_ERROR_INVALID_PARAMETER (1)".
  std::string text_of(CUptiResult result) const;
};

core::Result<const CuptiLibrary*> load_cupti();

// Most of CUPTI's calls take one structure that begins with its own size.
#define FLASHCORE_CUPTI_PARAMS(Type, name) \
  Type name = {};                          \
  name.structSize = Type##_STRUCT_SIZE

}  // namespace flashcore::collectors
