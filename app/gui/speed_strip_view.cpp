#include "app/gui/speed_strip_view.h"

#include <QEvent>
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "app/gui/elided_label.h"
#include "app/gui/models/headline_text.h"
#include "app/gui/models/text.h"
#include "app/gui/models/theme.h"

namespace flashcore::gui {
namespace {

constexpr int kMargin = 5, kTrack = 6, kGap = 3;
// Below this the words stand above the bars.
constexpr int kNarrow = 620;

// The bars beside one another, in two lines where the width does not hold them in one.
class BarRow final : public QWidget {
 public:
  explicit BarRow(QWidget* parent) : QWidget(parent) {
    QSizePolicy policy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
  }

  bool hasHeightForWidth() const override { return true; }
  int heightForWidth(int width) const override {
    const auto bars = shown();
    if (bars.empty()) return 0;
    const int lines = linesFor(width, bars);
    return lines * bars.front()->sizeHint().height() + (lines - 1) * kGap;
  }
  QSize sizeHint() const override { return {400, heightForWidth(std::max(width(), 1))}; }
  QSize minimumSizeHint() const override { return {0, 0}; }

  void place() {
    const auto bars = shown();
    if (bars.empty()) return;
    const int lines = linesFor(width(), bars), count = static_cast<int>(bars.size());
    const int across = (count + lines - 1) / lines;
    const int high = bars.front()->sizeHint().height();
    for (int i = 0; i < count; ++i) {
      const int column = i % across;
      const int left = column * (width() + kGap) / across, right = (column + 1) * (width() + kGap) / across;
      bars[static_cast<std::size_t>(i)]->setGeometry(left, i / across * (high + kGap), right - left - kGap,
                                                     high);
    }
  }

 protected:
  void resizeEvent(QResizeEvent*) override { place(); }

 private:
  std::vector<SpeedBarButton*> shown() const {
    std::vector<SpeedBarButton*> bars;
    for (auto* bar : findChildren<SpeedBarButton*>(QString(), Qt::FindDirectChildrenOnly)) {
      if (!bar->isHidden()) bars.push_back(bar);
    }
    return bars;
  }
  static int linesFor(int width, const std::vector<SpeedBarButton*>& bars) {
    int widest = 1;
    for (const auto* bar : bars) widest = std::max(widest, bar->sizeHint().width());
    const int count = static_cast<int>(bars.size());
    const int most = std::max(1, (width + kGap) / (widest + kGap));
    return std::clamp((count + most - 1) / most, 1, std::max(1, (count + 1) / 2));
  }
};

}  // namespace

SpeedBarButton::SpeedBarButton(QWidget* parent) : QAbstractButton(parent) {
  setFocusPolicy(Qt::StrongFocus);
  setCursor(Qt::PointingHandCursor);
}

void SpeedBarButton::setBar(const analysis::SpeedBar& bar) {
  title_ = oneLine(bar.title, 16);
  known_ = bar.share.value && std::isfinite(*bar.share.value);
  value_ = known_ ? percentText(bar.share) : QStringLiteral("–");
  share_ = known_ ? std::clamp(*bar.share.value / 100, 0.0, 1.0) : 0;
  busiest_ = bar.binding;
  setObjectName(QStringLiteral("unit.") + oneLine(bar.id, 40));
  setText(title_ + QLatin1Char(' ') + percentText(bar.share));
  setAccessibleName(unitText(bar));
  setAccessibleDescription(noteText(bar.share));
  const QString what = bar.share.tip.empty() ? QString() : QLatin1Char('\n') + oneLine(bar.share.tip, 300);
  setToolTip(plainToolTip(unitText(bar) + what + QLatin1Char('\n') + noteText(bar.share) +
                          tr("\nA click shows the memory chart.")));
  updateGeometry();
  update();
}

QSize SpeedBarButton::sizeHint() const {
  QFont bold = font();
  bold.setBold(true);
  const QFontMetrics metrics(bold);
  // As wide as its longest value, so that the lines do not jump from run to run.
  const int value = std::max(metrics.horizontalAdvance(tr("100 %")), metrics.horizontalAdvance(value_));
  return {metrics.horizontalAdvance(title_) + value + 4 + 2 * kMargin,
          metrics.height() + kGap + kTrack + 2 * (kMargin - 1)};
}

void SpeedBarButton::paintEvent(QPaintEvent*) {
  const Theme theme = themeOf(palette());
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  const QRectF frame = QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5);
  painter.setPen(QPen(busiest_ ? theme.busiest : theme.grid, busiest_ ? 1.5 : 1));
  painter.setBrush(theme.base);
  painter.drawRoundedRect(frame, 4, 4);
  const QRectF inner = frame.adjusted(kMargin, kMargin - 2, -kMargin, -(kMargin - 1));
  QFont font = this->font();
  font.setBold(busiest_);
  painter.setFont(font);
  painter.setPen(busiest_ ? theme.busiest : known_ ? theme.text : theme.muted);
  painter.drawText(inner, Qt::AlignLeft | Qt::AlignTop, title_);
  painter.drawText(inner, Qt::AlignRight | Qt::AlignTop, value_);
  QRectF track(inner.left(), inner.bottom() - kTrack, inner.width(), kTrack);
  if (!known_) {
    painter.setPen(QPen(theme.muted, 1, Qt::DashLine));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(track);
  } else {
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.grid);
    painter.drawRect(track);
    track.setWidth(track.width() * share_);
    painter.setBrush(busiest_ ? theme.busiest : theme.ladder);
    painter.drawRect(track);
  }
  if (hasFocus()) {
    painter.setPen(QPen(palette().color(QPalette::Highlight), 2));
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(frame.adjusted(1, 1, -1, -1), 4, 4);
  }
}

SpeedStripView::SpeedStripView(QWidget* parent)
    : QWidget(parent),
      parts_(new QBoxLayout(QBoxLayout::LeftToRight, this)),
      words_(new QBoxLayout(QBoxLayout::TopToBottom)),
      caption_(new QLabel(this)),
      busiest_(new ElidedLabel(this)),
      row_(new BarRow(this)) {
  setObjectName(QStringLiteral("speedStrip"));
  setAccessibleName(tr("Speed of light: units in percent of their own peaks"));
  caption_->setObjectName(QStringLiteral("speedCaption"));
  busiest_->setObjectName(QStringLiteral("speedBusiest"));
  caption_->setTextFormat(Qt::PlainText);
  QFont font = caption_->font();
  font.setBold(true);
  caption_->setFont(font);
  words_->addWidget(caption_);
  words_->addWidget(busiest_);
  words_->addStretch();
  parts_->setContentsMargins(0, 0, 0, 0);
  parts_->addLayout(words_);
  parts_->addWidget(row_, 1);
  arrange();
  restyle();
}

void SpeedStripView::arrange() {
  const bool beside = width() >= kNarrow && !row_->isHidden();
  parts_->setDirection(beside ? QBoxLayout::LeftToRight : QBoxLayout::TopToBottom);
  parts_->setSpacing(beside ? 10 : 3);
  words_->setDirection(beside ? QBoxLayout::TopToBottom : QBoxLayout::LeftToRight);
  words_->setSpacing(beside ? 0 : 8);
  words_->setStretchFactor(busiest_, beside ? 0 : 1);
  // Beside the bars as wide as its words; else what is too long ends in an ellipsis.
  busiest_->setSizePolicy(beside ? QSizePolicy::Fixed : QSizePolicy::Ignored, QSizePolicy::Preferred);
}

void SpeedStripView::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  arrange();
}

void SpeedStripView::setSpeed(const analysis::SpeedOfLight& speed) {
  const auto* busiest = speed.binding();
  while (bars_.size() < speed.bars.size()) {
    auto* bar = new SpeedBarButton(row_);
    connect(bar, &QAbstractButton::clicked, this, &SpeedStripView::activated);
    bars_.push_back(bar);
  }
  while (bars_.size() > speed.bars.size()) {
    delete bars_.back();
    bars_.pop_back();
  }
  for (std::size_t i = 0; i < bars_.size(); ++i) {
    analysis::SpeedBar bar = speed.bars[i];
    bar.binding = bar.binding && speed.names_busiest();
    bars_[i]->setBar(bar);
    bars_[i]->setVisible(busiest != nullptr);
  }
  row_->setVisible(busiest != nullptr);
  // Eight empty bars say less than the sentence.
  QString why = oneLine(speed.reason, 300);
  if (why.isEmpty()) why = tr("no unit was counted");
  const QString said = speed.names_busiest() ? tr("busiest: %1 %2") : tr("highest known: %1 %2");
  busiest_->setText(busiest ? said.arg(oneLine(busiest->title, 16), percentText(busiest->share)) : why);
  caption_->setText(busiest ? tr("Speed of light") : tr("No speed of light"));
  QString tip = tr(
      "Each unit in percent of its own peak, over all cycles of the kernels while the counters were taken.\n"
      "The busiest is what the kernel is nearest to being held up by.");
  if (!speed.pass_note.empty()) tip += tr("\nOf the %1.").arg(oneLine(speed.pass_note, 120));
  caption_->setToolTip(plainToolTip(tip));
  busiest_->setToolTip(busiest ? caption_->toolTip() : plainToolTip(why));
  arrange();
  static_cast<BarRow*>(row_)->place();
  row_->updateGeometry();
}

void SpeedStripView::restyle() {
  busiest_->setStyleSheet(QStringLiteral("color: %1;").arg(themeOf(palette()).muted.name()));
}

void SpeedStripView::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) restyle();
}

}  // namespace flashcore::gui
