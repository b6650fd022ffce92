// Background: one thread on which an object has slow work done, with the answer delivered on the
// object's own thread.
//
// Owns: its thread. Jobs run one after another, urgent ones before the others, else in the order given.
// Destroying it waits for the job at hand; answers that have not been delivered by then never are.
// Errors: a job returns them.
#pragma once

#include <QMetaObject>
#include <QObject>
#include <QThreadPool>
#include <memory>
#include <utility>

namespace flashcore::gui {

class Background {
 public:
  Background() { pool_.setMaxThreadCount(1); }
  ~Background() {
    pool_.clear();
    pool_.waitForDone();
  }
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  enum class Urgency { Later, Now };

  // `work()` there, then `done(its value)` here.
  template <typename Work, typename Done>
  void run(Work work, Done done, Urgency urgency = Urgency::Now) {
    const auto job = [this, work = std::move(work), done = std::move(done)]() mutable {
      auto value = std::make_shared<decltype(work())>(work());
      QMetaObject::invokeMethod(
          &receiver_, [value, done = std::move(done)]() mutable { done(std::move(*value)); },
          Qt::QueuedConnection);
    };
    pool_.start(job, urgency == Urgency::Now ? 1 : 0);
  }

 private:
  // Declared first, destroyed last: the pool is idle before the receiver goes.
  QObject receiver_;
  QThreadPool pool_;
};

}  // namespace flashcore::gui
