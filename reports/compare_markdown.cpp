#include "reports/compare_markdown.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/units.h"
#include "reports/markdown.h"

namespace flashcore::reports {
namespace {

using analysis::Comparison;
using analysis::MetricComparison;
using analysis::Verdict;

// GitHub refuses a comment of more than 65,536 characters; the JSON has everything.
constexpr std::size_t kMostPairs = 60;
constexpr std::size_t kMostMetrics = 25;  // of a pair
constexpr std::size_t kMostNotes = 20;    // of a pair
constexpr std::size_t kMostBytes = 60'000;

// A sign beside the word, for those who only glance.
std::string word(Verdict verdict, bool is_time = true) {
  const std::string_view text = analysis::word_of(verdict, is_time);
  switch (verdict) {
    case Verdict::kFaster: return fmt::format("✅ {}", text);
    case Verdict::kSlower: return fmt::format("❌ {}", text);
    case Verdict::kAmbiguous: return fmt::format("❔ {}", text);
    case Verdict::kSame: break;
  }
  return std::string(text);
}

std::string pairs_table(const CompareView& view) {
  std::string out =
      "| kernel | base | now | change | interval | verdict | cycles |\n"
      "| --- | ---: | ---: | ---: | ---: | --- | --- |\n";
  std::size_t shown = 0;
  for (const Comparison& pair : view.result.all) {
    if (++shown > kMostPairs) continue;
    out += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", markdown_text(pair.label),
                       time_text(pair.time.base), time_text(pair.time.now), change_text(pair.time),
                       interval_text(pair.time), word(pair.verdict), cycles_word(pair));
  }
  if (shown > kMostPairs) out += fmt::format("\nand {} more\n", shown - kMostPairs);
  return out;
}

std::string metrics_table(const Comparison& pair, bool all) {
  const auto shown = shown_metrics(pair, all);
  if (shown.empty()) return {};
  std::string out = "\n| metric | base | now | change | verdict |\n| --- | ---: | ---: | ---: | --- |\n";
  for (std::size_t i = 0; i < std::min(shown.size(), kMostMetrics); ++i) {
    const MetricComparison& metric = *shown[i];
    const std::string title = markdown_text(metric.metric->title);
    if (!metric.missing.empty()) {
      out += fmt::format("| {} | | | | {} |\n", title, markdown_text(metric.missing));
      continue;
    }
    const analysis::Judgement& j = metric.judgement;
    out += fmt::format("| {} | {} | {} | {}{} | {} |\n", title,
                       markdown_text(analysis::format_value(j.base, metric.metric->unit)),
                       markdown_text(analysis::format_value(j.now, metric.metric->unit)), change_text(j),
                       metric.exact ? ", exact" : "", word(j.verdict, false));
  }
  if (shown.size() > kMostMetrics) out += fmt::format("\nand {} more\n", shown.size() - kMostMetrics);
  return out;
}

std::string notes_list(const Comparison& pair) {
  std::vector<std::string> notes;
  for (const std::string& note : pair.time.notes) notes.push_back(fmt::format("time: {}", note));
  notes.insert(notes.end(), pair.notes.begin(), pair.notes.end());
  std::string out = notes.empty() ? "" : "\n";
  for (std::size_t i = 0; i < std::min(notes.size(), kMostNotes); ++i) {
    out += fmt::format("- {}\n", markdown_text(notes[i]));
  }
  if (notes.size() > kMostNotes) out += fmt::format("- and {} more notes\n", notes.size() - kMostNotes);
  return out;
}

std::string pair_details(const Comparison& pair, const CompareView& view) {
  std::string out = fmt::format("\n**{}**: {}\n", markdown_text(pair.label), markdown_text(pair.sentence));
  if (const std::string decides = how_to_decide(pair); !decides.empty())
    out += fmt::format("\n{}\n", markdown_text(decides));
  return out + metrics_table(pair, view.all_metrics) + notes_list(pair);
}

std::string headline(const CompareView& view) {
  const auto& pairs = view.result.all;
  if (pairs.size() == 1) {
    return fmt::format("{}: {}", markdown_text(pairs.front().label), markdown_text(pairs.front().sentence));
  }
  return fmt::format("{} kernels: {}", pairs.size(), verdict_counts(view.result));
}

std::string list(const std::string& said, const std::vector<std::string>& labels) {
  std::string out;
  for (std::size_t i = 0; i < std::min(labels.size(), kMostNotes); ++i) {
    out += fmt::format("- {}{}\n", said, markdown_text(labels[i]));
  }
  if (labels.size() > kMostNotes) out += fmt::format("- {}{} more\n", said, labels.size() - kMostNotes);
  return out;
}

}  // namespace

std::string compare_markdown(const CompareView& view) {
  const bool slower = view.result.any(Verdict::kSlower);
  std::string out = fmt::format("### {}{}\n\n", slower ? "❌ " : "", headline(view));
  out += fmt::format("base: {}  \nnow: {}\n\n",
                     markdown_text(view.base_sentence.empty() ? view.base_word : view.base_sentence),
                     markdown_text(view.now_sentence.empty() ? view.now_word : view.now_sentence));
  if (!view.result.all.empty()) out += pairs_table(view);
  std::string rest = list("only base has ", view.result.only_base) +
                     list("only now has ", view.result.only_now) + list("", view.result.notes);
  if (!rest.empty()) out += fmt::format("\n{}", rest);
  std::string folded;
  std::size_t left_out = 0;
  for (const Comparison& pair : view.result.all) {
    const std::string details = pair_details(pair, view);
    if (left_out > 0 || out.size() + folded.size() + details.size() > kMostBytes) {
      ++left_out;
      continue;
    }
    folded += details;
  }
  if (left_out > 0) folded += fmt::format("\nThe details of {} more are in the JSON.\n", left_out);
  if (!folded.empty())
    out += fmt::format("\n<details><summary>What changed</summary>\n{}\n</details>\n", folded);
  return out;
}

}  // namespace flashcore::reports
