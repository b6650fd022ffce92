// SpeedStripView: how busy each unit was against its own peak, as a strip of bars on top of a run. The
// busiest one is marked and named; a unit without a value has an empty, dashed bar whose tool tip says why.
//
// Owns: a button for each unit, so that each can be reached by keyboard and has an accessible name; pressing
// one is asking for what lies behind the strip. Threads: the GUI's. Errors: where nothing is known of any
// unit, one sentence says why.
#pragma once

#include <QAbstractButton>
#include <QBoxLayout>
#include <QLabel>
#include <QStringList>
#include <QWidget>
#include <vector>

#include "analysis/speed_of_light.h"

namespace flashcore::gui {

// One unit of the strip.
class SpeedBarButton final : public QAbstractButton {
  Q_OBJECT

 public:
  explicit SpeedBarButton(QWidget* parent = nullptr);
  void setBar(const analysis::SpeedBar& bar);
  QSize sizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  QString title_, value_;
  double share_ = 0;  // 0 to 1
  bool known_ = false, busiest_ = false;
};

class SpeedStripView final : public QWidget {
  Q_OBJECT

 public:
  explicit SpeedStripView(QWidget* parent = nullptr);

  void setSpeed(const analysis::SpeedOfLight& speed);
  const std::vector<SpeedBarButton*>& bars() const { return bars_; }
  QString caption() const { return caption_->text(); }

 Q_SIGNALS:
  void activated();  // a unit was pressed

 protected:
  void changeEvent(QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  void restyle();
  void arrange();

  QBoxLayout* parts_;  // the words, the bars: side by side, or above one another where it is narrow
  QBoxLayout* words_;
  QLabel* caption_;
  QLabel* busiest_;
  QWidget* row_;
  std::vector<SpeedBarButton*> bars_;
};

}  // namespace flashcore::gui
