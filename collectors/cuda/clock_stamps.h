// ClockStamps: reads each SM's cycle counter and the GPU's timer from inside the stream, so that two stamps
// tell at which clock what ran between them really ran.
//
// A stamp is a kernel of one block of one thread for each SM. It waits until globaltimer steps on (it may
// step only every microsecond) and notes clock64 at that moment, so that even 20 us between two stamps give
// the clock within a few parts in a thousand. An SM on which no block lands is missing in that stamp.
//
// Owns: the stamps' memory, on the device that was current at create(). Units: ns, MHz. Threads: one at a
// time. Errors: kDevice, kNoDevice.
//
//   auto stamps = ClockStamps::create(2);
//   stamps->clear(stream); stamps->enqueue(stream, 0); work(stream); stamps->enqueue(stream, 1);
//   stamps->read(stream, 2);  // waits
//   std::optional<double> mhz = stamps->effective_mhz(0, 1);
#pragma once

#include <cuda_runtime_api.h>

#include <optional>
#include <span>
#include <vector>

#include "collectors/clock_review.h"
#include "core/result.h"
#include "cuda/runtime/memory.h"

namespace flashcore::collectors {

class ClockStamps {
 public:
  // Room for `stamps` of them.
  static core::Result<ClockStamps> create(int stamps);

  int room() const noexcept { return stamps_; }

  // Forgets all stamps; enqueued.
  core::Status clear(cudaStream_t stream);
  // Enqueues stamp `index`. It first keeps the GPU busy for `spin_ns`: what the host enqueues meanwhile
  // begins without waiting for the host. At most a millisecond.
  core::Status enqueue(cudaStream_t stream, int index, double spin_ns = 0);
  // Brings the first `count` stamps to the host; waits for the stream.
  core::Status read(cudaStream_t stream, int count);

  // What read() brought. Nothing where the two have no SM in common.
  std::optional<double> effective_mhz(int begin, int end) const;
  // Of `pairs` windows together: from stamp first to first + 1, from first + 2 to first + 3, ...
  std::optional<WindowClock> clock_of_pairs(int first, int pairs) const;
  std::span<const ClockStamp> stamp(int index) const;

 private:
  ClockStamps() = default;

  cuda::DeviceMemory memory_;
  std::vector<ClockStamp> host_;
  int stamps_ = 0;
  int sms_ = 0;
  int slots_ = 0;  // of one stamp
};

}  // namespace flashcore::collectors
