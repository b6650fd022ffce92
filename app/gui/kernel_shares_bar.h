// KernelSharesBar: the kernels of a launch of several as one bar, each as long as its share of the time.
//
// Owns: its values. Hidden for a launch of one kernel. Threads: the GUI's. Errors: none; a kernel that was
// not counted is in the tool tip with its reason, and without every share there is no bar.
#pragma once

#include <QWidget>
#include <vector>

#include "analysis/run_analysis.h"

namespace flashcore::gui {

class KernelSharesBar final : public QWidget {
  Q_OBJECT

 public:
  explicit KernelSharesBar(QWidget* parent = nullptr);

  void setKernels(const std::vector<analysis::KernelShare>& kernels);
  const std::vector<double>& shares() const { return shares_; }  // empty: no bar
  QSize sizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  QString text_;  // "3 kernels"
  std::vector<double> shares_;
};

}  // namespace flashcore::gui
