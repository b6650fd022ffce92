// The memories whose bytes a roofline can be drawn by.
//
// Owns: static data. Threads: any.
#pragma once

#include <QString>
#include <QtGlobal>
#include <algorithm>
#include <array>

namespace flashcore::gui {

struct RooflineMemory {
  const char* id;
  const char* title;
  const char* tip;
};
inline constexpr std::array kRooflineMemories{
    RooflineMemory{
        "dram", "DRAM",
        QT_TRANSLATE_NOOP("RooflineView",
                          "Intensity by bytes moved to and from DRAM.\nFrom warm caches a problem that "
                          "stays in L2 moves next to nothing here and stands far to the right.")},
    RooflineMemory{"l2", "L2",
                   QT_TRANSLATE_NOOP("RooflineView", "Intensity by bytes moved through the L2 cache")},
    RooflineMemory{
        "l1", "L1",
        QT_TRANSLATE_NOOP("RooflineView", "Intensity by bytes moved through L1 and shared memory")}};

// The first where there is no such id.
inline const RooflineMemory& rooflineMemory(const QString& id) {
  const auto found =
      std::find_if(kRooflineMemories.begin(), kRooflineMemories.end(),
                   [&](const RooflineMemory& memory) { return id == QLatin1String(memory.id); });
  return found == kRooflineMemories.end() ? kRooflineMemories.front() : *found;
}

}  // namespace flashcore::gui
