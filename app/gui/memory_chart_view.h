// MemoryChartView: what a launch moved between the memories. SM, L1, shared memory, L2 and DRAM as boxes
// with hit rates, filled by the share of their own peaks; arrows with bytes and throughput, thicker the more
// bytes. Drawn from the data of the strip (analysis/speed_of_light.h).
//
// Owns: the run's values, so that they live as long as they are drawn. What is missing is dashed, and the
// tool tip says why. The description for screen readers tells all of it.
// Threads: the GUI's. Errors: where nothing is known one sentence says why.
#pragma once

#include <QString>
#include <QStringList>
#include <QWidget>
#include <memory>

#include "analysis/run_analysis.h"
#include "app/gui/memory_chart_plan.h"
#include "app/gui/models/theme.h"

namespace flashcore::gui {

class MemoryChartView final : public QWidget {
  Q_OBJECT

 public:
  explicit MemoryChartView(QWidget* parent = nullptr);

  void setRun(const std::shared_ptr<const analysis::RunAnalysis>& run);

  // What is drawn now, at this size.
  const MemoryChartPlan& plan() const { return plan_; }
  // All of it in words: "L2 to L1, reads: 4.19 MB at 1.2 TB/s".
  QStringList words() const;
  QString passText() const;  // of which counter pass; empty where its time is missing
  // What the tool tip says at a place; empty where nothing is.
  QString tipAt(const QPointF& position) const;

 protected:
  bool event(QEvent* event) override;
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  bool empty() const;
  void rebuild();
  QFont chartFont() const;
  QString wordsOf(const analysis::MemoryNode& node) const;
  QString wordsOf(const analysis::MemoryArrow& arrow) const;
  QString titleOf(const std::string& node) const;

  std::shared_ptr<const analysis::RunAnalysis> run_;
  MemoryChartPlan plan_;
};

}  // namespace flashcore::gui
