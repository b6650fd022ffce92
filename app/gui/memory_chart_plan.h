// MemoryChartPlan: where the boxes, arrows and words of a memory chart stand, in pixels.
//
// Boxes stand in columns, one behind the nearest earlier box that they exchange bytes with; a box alone in
// its column is as high as the chart, so that arrows between neighbours run level. Words that their place
// does not hold are left out or shortened; the chart's tool tips have them all.
//
// Owns: its values; points into the SpeedOfLight that it was made from. Threads: pure functions. Errors:
// none; an arrow to a box that is not there is left out.
#pragma once

#include <QFont>
#include <QPointF>
#include <QRectF>
#include <QSizeF>
#include <QString>
#include <vector>

#include "analysis/speed_of_light.h"

namespace flashcore::gui {

struct ChartText {
  enum class Kind { kName, kValue, kMoved, kPace, kMissing };
  QString text;
  QRectF box;
  Kind kind = Kind::kValue;
};

struct ChartBox {
  const analysis::MemoryNode* node;
  QRectF box;
};

struct ChartArrow {
  const analysis::MemoryArrow* arrow;
  QPointF tail, tip;
  double weight = 1;  // thickness
};

struct MemoryChartPlan {
  std::vector<ChartBox> boxes;
  std::vector<ChartArrow> arrows;
  std::vector<ChartText> texts;
};

MemoryChartPlan planMemoryChart(const analysis::SpeedOfLight& speed, const QRectF& area, const QFont& font);

}  // namespace flashcore::gui
