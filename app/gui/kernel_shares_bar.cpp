#include "app/gui/kernel_shares_bar.h"

#include <QPainter>
#include <QStringList>
#include <algorithm>

#include "app/gui/models/headline_text.h"
#include "app/gui/models/text.h"
#include "app/gui/models/theme.h"

namespace flashcore::gui {
namespace {

constexpr int kBar = 96, kGap = 8;
// More lines than this make no tool tip.
constexpr std::size_t kMostTold = 20;

}  // namespace

KernelSharesBar::KernelSharesBar(QWidget* parent) : QWidget(parent) {
  setObjectName(QStringLiteral("kernelShares"));
  setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Preferred);
  hide();
}

void KernelSharesBar::setKernels(const std::vector<analysis::KernelShare>& kernels) {
  shares_.clear();
  QStringList lines{tr("Kernels of a launch, by their counted time:")};
  for (const auto& kernel : kernels) {
    if (kernel.share) shares_.push_back(*kernel.share);
    if (static_cast<std::size_t>(lines.size()) <= kMostTold) lines << kernelText(kernel);
  }
  if (shares_.size() != kernels.size()) shares_.clear();
  if (kernels.size() > kMostTold) {
    lines << tr("and %1 more; the kernels' table has all").arg(kernels.size() - kMostTold);
  }
  text_ = tr("%1 kernels").arg(kernels.size());
  setVisible(kernels.size() > 1);
  setAccessibleName(text_ + tr(" a launch"));
  setAccessibleDescription(lines.join(QStringLiteral("; ")));
  setToolTip(plainToolTip(lines.join(QLatin1Char('\n'))));
  updateGeometry();
  update();
}

QSize KernelSharesBar::sizeHint() const {
  const int words = fontMetrics().horizontalAdvance(text_);
  return {shares_.empty() ? words : words + kGap + kBar, fontMetrics().height()};
}

void KernelSharesBar::paintEvent(QPaintEvent*) {
  const Theme theme = themeOf(palette());
  QPainter painter(this);
  painter.setPen(theme.muted);
  painter.drawText(rect(), Qt::AlignLeft | Qt::AlignVCenter, text_);
  if (shares_.empty()) return;
  const double most = *std::max_element(shares_.begin(), shares_.end());
  double left = rect().right() + 1 - kBar;
  const double top = (height() - 10) / 2.0;
  for (const double share : shares_) {
    const double wide = share * kBar;
    QColor fill = theme.ladder;
    // The longest stands out; neighbours are told apart by the gap between them.
    if (share < most) fill.setAlphaF(0.5F);
    painter.fillRect(QRectF(left, top, std::max(wide - 1.5, 0.5), 10), fill);
    left += wide;
  }
}

}  // namespace flashcore::gui
