// The check itself under test: every planted fault is caught on one of the two inputs, and a kernel that is
// right is refused on neither. The kernels are simulated on the host (faulty_attention.h), so this runs
// without a GPU; tests/gpu/planted_faults_test.cpp does the same with kernels.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <numeric>

#include "core/phase.h"
#include "faulty_attention.h"
#include "kernels/bench/check.h"
#include "kernels/bench/reference.h"

namespace flashcore::kernels::bench {
namespace {

using core::AttentionProblem;
using core::InputKind;

constexpr InputKind kInputs[] = {InputKind::kNormal, InputKind::kPeaked};

// Some rows of a problem on both inputs, with the limits that hold for them.
class Bench {
 public:
  // `draws`: elements of O that every limit stands on at least.
  Bench(const AttentionProblem& p, std::vector<std::int64_t> rows, std::int64_t draws)
      : p_(p), rows_(std::move(rows)) {
    for (const InputKind input : kInputs) {
      Side& side = sides_[static_cast<std::size_t>(input)];
      side.inputs = random_inputs(p, input, kPeakedSeed);
      const Inputs& in = side.inputs;
      side.reference = reference_rows(p, in.q, in.k, in.v, rows_);
      side.plain = compare_bands(p, plain_rows(p, in.q, in.k, in.v, rows_), rows_, side.reference);
      for (std::size_t band = 0; band < kBands; ++band) {
        if (side.plain[band].compared == 0) continue;  // none of the rows is in it
        take_draws(side.plain[band], plain_draw(p, input, static_cast<int>(band), draws));
      }
      side.kernel = std::make_unique<FaultyAttention>(p, in);
    }
  }

  core::CheckRecord check(InputKind input, Fault fault) const {
    const Side& side = sides_[static_cast<std::size_t>(input)];
    const std::vector<std::uint16_t> o = side.kernel->rows(rows_, fault);
    return judge(p_, input, kPeakedSeed, compare_bands(p_, o, rows_, side.reference), side.plain, "the host");
  }

 private:
  struct Side {
    Inputs inputs;
    std::vector<double> reference;
    Bands plain{};
    std::unique_ptr<FaultyAttention> kernel;
  };
  AttentionProblem p_;
  std::vector<std::int64_t> rows_;
  std::array<Side, 2> sides_;
};

std::string shown(const core::CheckRecord& record) {
  return fmt::format("{}: {:.3e} of {:.3e} at {}, mean {:.3e} of {:.3e}", record.input, record.max_error,
                     record.max_tolerance, record.worst, record.mean_error, *record.mean_tolerance);
}

// Whether the fault changes anything here.
bool applies(const AttentionProblem& p, Fault fault) {
  if (fault == Fault::kMaskWide) return p.causal;              // without a mask no key is left to let through
  return fault != Fault::kStaleValues || p.seq_k > kTileKeys;  // one tile has none before it
}

void expect_all_caught(const AttentionProblem& p) {
  const std::int64_t s = p.seq_k;
  // Few rows where there are many keys. Under the mask the last ones, for a fault is easily seen where a row
  // sees few keys; an answer's error there is another test's matter.
  const std::int64_t count = s > 4096 ? 16 : s > 512 ? 32 : 64;
  std::vector<std::int64_t> rows = rows_to_check(p, count);
  if (p.causal) std::iota(rows.begin(), rows.end(), p.heads * s - static_cast<std::int64_t>(rows.size()));
  const Bench bench(p, rows, s > 4096 ? 1 << 11 : 1 << 14);
  for (const auto& [fault, name] : core::kNames<Fault>) {
    const core::CheckRecord normal = bench.check(InputKind::kNormal, fault);
    const core::CheckRecord peaked = bench.check(InputKind::kPeaked, fault);
    if (fault == Fault::kNone || !applies(p, fault)) {
      EXPECT_TRUE(normal.passed && peaked.passed) << shown(normal) << "; " << shown(peaked);
    } else {
      EXPECT_FALSE(normal.passed && peaked.passed)
          << name << " passed. " << shown(normal) << "; " << shown(peaked);
    }
  }
}

std::string name_of_size(const ::testing::TestParamInfo<std::tuple<int, int, bool>>& info) {
  return fmt::format("S{}_D{}_{}", std::get<0>(info.param), std::get<1>(info.param),
                     std::get<2>(info.param) ? "causal" : "full");
}

class Planted : public ::testing::TestWithParam<std::tuple<int, int, bool>> {};

TEST_P(Planted, FaultsAreCaughtAndTheRightKernelPasses) {
  const auto [s, d, causal] = GetParam();
  AttentionProblem p{1, 1, 1, s, s, d};
  p.causal = causal;
  expect_all_caught(p);
}

INSTANTIATE_TEST_SUITE_P(Sizes, Planted,
                         ::testing::Combine(::testing::Values(64, 128, 512, 4096, 32768),
                                            ::testing::Values(64, 128), ::testing::Bool()),
                         name_of_size);

// No size is a multiple of a tile, and two heads of queries share a head of keys.
class PlantedRagged : public ::testing::TestWithParam<std::tuple<int, int, bool>> {};

TEST_P(PlantedRagged, FaultsAreCaughtAndTheRightKernelPasses) {
  const auto [s, d, causal] = GetParam();
  AttentionProblem p{1, 4, 2, s, s, d};
  p.causal = causal;
  expect_all_caught(p);
}

INSTANTIATE_TEST_SUITE_P(Sizes, PlantedRagged,
                         ::testing::Combine(::testing::Values(100, 257, 1000), ::testing::Values(64, 128),
                                            ::testing::Bool()),
                         name_of_size);

// Why the mean is judged: on the mission's problem a sum 0.3% off keeps the limit of the largest error.
TEST(PlantedOnce, ASmallErrorEverywhereIsSeenByItsMeanAlone) {
  const AttentionProblem p{1, 1, 1, 512, 512, 64};
  const Bench bench(p, rows_to_check(p, 512), 1 << 16);
  const core::CheckRecord record = bench.check(InputKind::kPeaked, Fault::kSum);
  const core::CheckRecord normal = bench.check(InputKind::kNormal, Fault::kSum);
  EXPECT_LE(record.max_error, record.max_tolerance) << shown(record);
  EXPECT_GT(normal.mean_error, 2 * *normal.mean_tolerance) << shown(normal);
  EXPECT_FALSE(normal.passed);
}

TEST(PlantedOnce, TheSeedsLimitsLetThemPass) {
  // Why the limit follows the problem: 0.06 and 0.02, whatever the number of keys.
  const AttentionProblem p{1, 1, 1, 32768, 32768, 64};
  const Bench bench(p, rows_to_check(p, 4), 1 << 10);
  const core::HistoricLimits historic;
  for (const Fault fault : {Fault::kDroppedTile, Fault::kStaleValues, Fault::kScale, Fault::kZeros}) {
    const core::CheckRecord record = bench.check(InputKind::kNormal, fault);
    EXPECT_LE(record.max_error, historic.max_error);
    EXPECT_LE(record.mean_error, historic.mean_error);
    EXPECT_FALSE(record.passed);
  }
}

TEST(PlantedOnce, OneLimitForAllRowsOfACausalProblemWouldLetTheLastOnesPass) {
  AttentionProblem p{1, 1, 1, 32768, 32768, 64};
  p.causal = true;
  const Bench bench(p, {p.seq_q - 2, p.seq_q - 1}, 1 << 12);
  const core::CheckRecord record = bench.check(InputKind::kNormal, Fault::kDroppedTile);
  EXPECT_FALSE(record.passed);
  // Row 1 sees 2 keys.
  const double of_the_first = plain_draw(p, InputKind::kNormal, 1, 1 << 14).max_error;
  EXPECT_LT(record.max_error, check_limit(of_the_first));
}

// The error of a right kernel must stay below the limit for every seed, where few elements decide.
TEST(Right, KernelsAreNeverRefusedOnSmallProblems) {
  double nearest = 0, nearest_mean = 0;
  std::string nearest_where;
  for (const auto& [sq, sk] :
       {std::pair{1, 1}, {1, 2}, {2, 2}, {3, 3}, {5, 5}, {1, 17}, {17, 17}, {64, 64}, {3, 130}, {1, 1000}}) {
    for (const std::int64_t d : {64, 128}) {
      for (const bool causal : {false, true}) {
        AttentionProblem p{1, 1, 1, sq, sk, d};
        p.causal = causal;
        const std::vector<std::int64_t> rows = rows_to_check(p, sq);
        for (const InputKind input : kInputs) {
          Bands draws{};
          for (const BandRows& band : band_rows(p)) {
            // As many as the check itself, where they are cheap.
            draws[static_cast<std::size_t>(band.band)] =
                plain_draw(p, input, band.band, causal ? 1 << 15 : 1 << 17);
          }
          for (std::uint64_t seed = 0; seed < (sq > 17 ? 40 : 200); ++seed) {
            const Inputs in = random_inputs(p, input, seed);
            const std::vector<double> exact = reference_rows(p, in.q, in.k, in.v, rows);
            Bands plain = compare_bands(p, plain_rows(p, in.q, in.k, in.v, rows), rows, exact);
            for (std::size_t band = 0; band < kBands; ++band) take_draws(plain[band], draws[band]);
            const std::vector<std::uint16_t> o = FaultyAttention(p, in).rows(rows, Fault::kNone);
            const core::CheckRecord record =
                judge(p, input, seed, compare_bands(p, o, rows, exact), plain, "the host");
            nearest = std::max(nearest, record.max_error / record.max_tolerance);
            if (record.mean_error / *record.mean_tolerance > nearest_mean) {
              nearest_mean = record.mean_error / *record.mean_tolerance;
              nearest_where = fmt::format("{}, seed {}, {}", core::problem_label(p), seed, shown(record));
            }
            ASSERT_TRUE(record.passed)
                << core::problem_label(p) << ", seed " << seed << ", " << shown(record);
          }
        }
      }
    }
  }
  RecordProperty("nearest_to_the_limit", std::to_string(nearest));
  RecordProperty("nearest_mean_to_its_limit", std::to_string(nearest_mean));
  RecordProperty("nearest_mean_is", nearest_where);
  EXPECT_LT(nearest_mean, 0.75) << nearest_where;
  EXPECT_GT(nearest_mean, 0.05);
  EXPECT_LT(nearest, 0.75) << "the limit leaves room for other orders of summing";
  EXPECT_GT(nearest, 0.05) << "and is no wide open door";
}

}  // namespace
}  // namespace flashcore::kernels::bench
