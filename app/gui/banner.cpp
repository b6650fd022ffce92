#include "app/gui/banner.h"

#include <QEvent>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QStyle>
#include <QToolButton>
#include <QVBoxLayout>

#include "app/gui/models/text.h"
#include "app/gui/models/theme.h"

namespace flashcore::gui {
namespace {

QLabel* plainLabel(QWidget* parent, const char* name) {
  auto* label = new QLabel(parent);
  label->setObjectName(QLatin1String(name));
  label->setTextFormat(Qt::PlainText);
  label->setWordWrap(true);
  label->setTextInteractionFlags(Qt::TextSelectableByMouse);
  return label;
}

}  // namespace

Banner::Banner(QWidget* parent)
    : QFrame(parent),
      mark_(new QLabel(this)),
      message_(plainLabel(this, "bannerMessage")),
      hint_(plainLabel(this, "bannerHint")),
      offer_(new QPushButton(this)) {
  setObjectName(QStringLiteral("banner"));
  setAccessibleName(tr("Message"));
  auto* texts = new QVBoxLayout;
  texts->setSpacing(2);
  texts->addWidget(message_);
  texts->addWidget(hint_);
  auto* close = new QToolButton(this);
  close->setObjectName(QStringLiteral("bannerClose"));
  close->setAutoRaise(true);
  close->setIcon(style()->standardIcon(QStyle::SP_TitleBarCloseButton));
  close->setToolTip(tr("Dismiss"));
  connect(close, &QToolButton::clicked, this, &QWidget::hide);
  offer_->setObjectName(QStringLiteral("bannerOffer"));
  offer_->hide();
  connect(offer_, &QPushButton::clicked, this, [this] {
    // A copy: what is done may show another message, with another offer.
    if (const auto action = action_) action();
  });
  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(12, 8, 8, 8);
  layout->setSpacing(10);
  layout->addWidget(mark_, 0, Qt::AlignTop);
  layout->addLayout(texts, 1);
  layout->addWidget(offer_, 0, Qt::AlignVCenter);
  layout->addWidget(close, 0, Qt::AlignTop);
  hide();
}

void Banner::show(Kind kind, const QString& message, const QString& hint, const QString& detail) {
  kind_ = kind;
  message_->setText(message.left(1000));
  hint_->setText(hint.left(1000));
  hint_->setVisible(!hint.isEmpty());
  message_->setToolTip(plainToolTip(detail));
  offer_->hide();
  action_ = nullptr;
  restyle();
  setVisible(true);
}

void Banner::show(const core::Error& error) {
  show(error.code == core::ErrorCode::kCancelled ? Kind::Warning : Kind::Error, toText(error.message),
       toText(error.hint), toText(error.context));
}

void Banner::offer(const QString& text, std::function<void()> action) {
  offer_->setText(text);
  offer_->show();
  action_ = std::move(action);
}

void Banner::changeEvent(QEvent* event) {
  QFrame::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) restyle();
}

void Banner::restyle() {
  // The application's palette, and only a sheet that is new: a style sheet changes this widget's own
  // palette, which would call for another.
  const Theme theme = themeOf(QGuiApplication::palette());
  const QColor colour = kind_ == Kind::Error     ? theme.bad
                        : kind_ == Kind::Warning ? theme.warning
                                                 : theme.good;
  const QString base = theme.base.name();
  const QString sheet = QStringLiteral(
                            "#banner { background: %1; border: 1px solid %2; border-left: 5px solid %2; "
                            "border-radius: 4px; }")
                            .arg(base, colour.name());
  if (sheet != styleSheet()) setStyleSheet(sheet);
  const auto icon = kind_ == Kind::Error     ? QStyle::SP_MessageBoxCritical
                    : kind_ == Kind::Warning ? QStyle::SP_MessageBoxWarning
                                             : QStyle::SP_MessageBoxInformation;
  mark_->setPixmap(style()->standardIcon(icon).pixmap(20, 20));
}

}  // namespace flashcore::gui
