#include "app/gui/memory_chart_plan.h"

#include <QFontMetricsF>
#include <QStringList>
#include <algorithm>
#include <cmath>
#include <map>

#include "app/gui/models/headline_text.h"
#include "app/gui/models/text.h"

namespace flashcore::gui {
namespace {

using analysis::MemoryArrow;
using analysis::MemoryNode;
using analysis::ShownValue;
using Kind = ChartText::Kind;

constexpr double kBetween = 12;  // boxes of one column
constexpr double kMostSlot = 58, kThickest = 9, kThinnest = 1.5;

// Arrows between the same two boxes stand together; `left` is the box of the earlier column.
struct Pair {
  int left, right;  // indices of boxes
  std::vector<const MemoryArrow*> arrows;
};

class Planner {
 public:
  Planner(const analysis::SpeedOfLight& speed, const QRectF& area, const QFont& font)
      : speed_(speed), area_(area), plain_(font), bold_(boldOf(font)) {}

  MemoryChartPlan plan() {
    if (speed_.nodes.empty() || area_.width() < 1 || area_.height() < 1) return {};
    findColumns();
    findPairs();
    placeBoxes();
    placeArrows();
    for (const auto& box : plan_.boxes) nameBox(box);
    return std::move(plan_);
  }

 private:
  static QFontMetricsF boldOf(QFont font) {
    font.setBold(true);
    return QFontMetricsF(font);
  }
  static bool missing(const ShownValue& value) { return !value.metric.empty() && !value.value; }

  int indexOf(const std::string& id) const {
    for (std::size_t i = 0; i < speed_.nodes.size(); ++i) {
      if (speed_.nodes[i].id == id) return static_cast<int>(i);
    }
    return -1;
  }
  bool exchange(const MemoryNode& a, const MemoryNode& b) const {
    return std::any_of(speed_.arrows.begin(), speed_.arrows.end(), [&](const MemoryArrow& arrow) {
      return (arrow.from == a.id && arrow.to == b.id) || (arrow.from == b.id && arrow.to == a.id);
    });
  }
  int members(int column) const {
    return static_cast<int>(std::count(columns_.begin(), columns_.end(), column));
  }
  bool alone(int box) const { return members(columns_[static_cast<std::size_t>(box)]) == 1; }

  void findColumns() {
    for (std::size_t i = 0; i < speed_.nodes.size(); ++i) {
      int behind = -1;
      for (std::size_t j = 0; j < i; ++j) {
        if (!exchange(speed_.nodes[j], speed_.nodes[i])) continue;
        behind = behind < 0 ? columns_[j] : std::min(behind, columns_[j]);
      }
      if (behind < 0 && i > 0) behind = *std::max_element(columns_.begin(), columns_.end());
      columns_.push_back(behind + 1);
    }
  }

  void findPairs() {
    for (const MemoryArrow& arrow : speed_.arrows) {
      const int from = indexOf(arrow.from), to = indexOf(arrow.to);
      if (from < 0 || to < 0) continue;
      const auto column = [this](int box) { return columns_[static_cast<std::size_t>(box)]; };
      if (column(from) == column(to)) continue;
      const int left = column(from) < column(to) ? from : to, right = left == from ? to : from;
      const auto same = std::find_if(pairs_.begin(), pairs_.end(),
                                     [&](const Pair& p) { return p.left == left && p.right == right; });
      if (same == pairs_.end()) {
        pairs_.push_back({left, right, {&arrow}});
      } else {
        same->arrows.push_back(&arrow);
      }
    }
  }

  void placeBoxes() {
    const int columns = 1 + *std::max_element(columns_.begin(), columns_.end());
    const double wide = std::clamp(area_.width() * 0.135, 62.0, 150.0);
    const double step = columns > 1 ? (area_.width() - wide) / (columns - 1) : 0;
    std::map<int, int> placed;
    for (std::size_t i = 0; i < speed_.nodes.size(); ++i) {
      const int column = columns_[i], count = members(column), at = placed[column]++;
      const double high = (area_.height() - kBetween * (count - 1)) / count;
      plan_.boxes.push_back({&speed_.nodes[i], QRectF(area_.left() + column * step,
                                                      area_.top() + at * (high + kBetween), wide, high)});
    }
  }

  // The side of a box: how many arrows stand there, and how many have found their place.
  struct Side {
    int all = 0, used = 0;
  };
  Side& side(int box, bool right) { return sides_[{box, right}]; }

  double levelAt(int box, bool right) {
    Side& at = side(box, right);
    const QRectF& rect = plan_.boxes[static_cast<std::size_t>(box)].box;
    const double slot = std::min(kMostSlot, rect.height() / at.all);
    return rect.center().y() + slot * (at.used++ + 0.5 - at.all / 2.0);
  }

  void placeArrows() {
    double most = 0;
    for (const MemoryArrow& arrow : speed_.arrows) most = std::max(most, arrow.bytes.value.value_or(0));
    for (const Pair& pair : pairs_) {
      const int count = static_cast<int>(pair.arrows.size());
      side(pair.left, true).all += count;
      side(pair.right, false).all += count;
    }
    for (const Pair& pair : pairs_) {
      const QRectF& a = plan_.boxes[static_cast<std::size_t>(pair.left)].box;
      const QRectF& b = plan_.boxes[static_cast<std::size_t>(pair.right)].box;
      for (const MemoryArrow* arrow : pair.arrows) {
        double left, right;
        if (alone(pair.left) && !alone(pair.right)) {
          left = right = levelAt(pair.right, false);
        } else if (alone(pair.right)) {
          left = right = levelAt(pair.left, true);
        } else {
          left = levelAt(pair.left, true);
          right = levelAt(pair.right, false);
        }
        const QPointF start(a.right() + 3, left), end(b.left() - 3, right);
        const bool outward = arrow->from == speed_.nodes[static_cast<std::size_t>(pair.left)].id;
        const double bytes = arrow->bytes.value.value_or(0);
        const double weight =
            bytes > 0 && most > 0 ? kThinnest + (kThickest - kThinnest) * std::sqrt(bytes / most) : kThinnest;
        plan_.arrows.push_back({arrow, outward ? start : end, outward ? end : start, weight});
        const double slot = std::min(
            {kMostSlot, a.height() / side(pair.left, true).all, b.height() / side(pair.right, false).all});
        nameArrow(*arrow, start, end, weight, slot);
      }
    }
  }

  // The first of the texts that the room holds; empty where none does.
  static QString fitting(const QStringList& texts, double room, const QFontMetricsF& metrics) {
    for (const QString& text : texts) {
      if (metrics.horizontalAdvance(text) <= room) return text;
    }
    return {};
  }

  void add(const QString& text, const QPointF& centre, const QFontMetricsF& metrics, Kind kind) {
    if (text.isEmpty()) return;
    const QSizeF size(metrics.horizontalAdvance(text) + 2, metrics.height());
    QRectF box(QPointF(0, 0), size);
    box.moveCenter(centre);
    plan_.texts.push_back({text, box, kind});
  }

  void nameArrow(const MemoryArrow& arrow, const QPointF& start, const QPointF& end, double weight,
                 double slot) {
    const double room = end.x() - start.x() - 4, line = plain_.height();
    const double aside = std::max(weight / 2, 3.0) + 1, away = aside + line / 2;
    const QPointF middle = (start + end) / 2;
    // One line above the arrow and one below it, where its slot holds them.
    if (slot < line + aside + kThickest / 2) return;
    const QString title = oneLine(arrow.title, 30), bytes = oneLine(arrow.bytes.text, 30);
    const QString moved = arrow.bytes.metric.empty() ? title : bytes;
    add(fitting({QStringLiteral("%1 %2").arg(title, moved), moved}, room, plain_), middle - QPointF(0, away),
        plain_, missing(arrow.bytes) ? Kind::kMissing : Kind::kMoved);
    if (!arrow.throughput.value || slot < 2 * (line + aside)) return;
    add(fitting({oneLine(arrow.throughput.text, 30)}, room, plain_), middle + QPointF(0, away), plain_,
        Kind::kPace);
  }

  void nameBox(const ChartBox& box) {
    struct Line {
      QString text;
      Kind kind;
    };
    const double room = box.box.width() - 6;
    std::vector<Line> lines;
    const auto value = [&](const ShownValue& shown, const char* full, const char* brief,
                           const char* lacking) {
      if (shown.metric.empty()) return;
      // Shares rounded as on the strip.
      const QString text = &shown == &box.node->share ? percentText(shown) : oneLine(shown.text, 30);
      const QStringList texts{QString::fromLatin1(missing(shown) ? lacking : full).arg(text),
                              QString::fromLatin1(brief).arg(text), text};
      lines.push_back({fitting(texts, room, plain_), missing(shown) ? Kind::kMissing : Kind::kValue});
    };
    const QString name = oneLine(box.node->title, 30);
    lines.push_back({bold_.elidedText(name, Qt::ElideRight, room), Kind::kName});
    value(box.node->hit_rate, "hit rate %1", "hit %1", "hit rate %1");
    value(box.node->share, "%1 of its peak", "%1 peak", "peak %1");
    const double line = plain_.height();
    while (lines.size() > 1 && line * static_cast<double>(lines.size()) > box.box.height()) lines.pop_back();
    double y = box.box.center().y() - line * (static_cast<double>(lines.size()) - 1) / 2;
    for (const Line& each : lines) {
      add(each.text, QPointF(box.box.center().x(), y), each.kind == Kind::kName ? bold_ : plain_, each.kind);
      y += line;
    }
  }

  const analysis::SpeedOfLight& speed_;
  QRectF area_;
  QFontMetricsF plain_, bold_;
  std::vector<int> columns_;  // by node
  std::vector<Pair> pairs_;
  std::map<std::pair<int, bool>, Side> sides_;
  MemoryChartPlan plan_;
};

}  // namespace

MemoryChartPlan planMemoryChart(const analysis::SpeedOfLight& speed, const QRectF& area, const QFont& font) {
  return Planner(speed, area, font).plan();
}

}  // namespace flashcore::gui
