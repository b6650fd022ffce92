# cmake -D ROOT=<tree> -D OUTPUT=<phase_table.cpp> -P phase_index.cmake
# Writes the table of phases, one entry a file in kernels/phases/, with the hashes by which a recording is
# known to be stale: of a phase over what cmake/source_closure.cmake finds, of kernels/ over every file in
# kernels/ and cuda/.
include(${CMAKE_CURRENT_LIST_DIR}/source_closure.cmake)

file(GLOB phases RELATIVE ${ROOT} ${ROOT}/kernels/phases/*.cu)
file(GLOB_RECURSE everything RELATIVE ${ROOT} ${ROOT}/kernels/* ${ROOT}/cuda/*)
list(SORT phases)
list(SORT everything)
set(declarations "")
set(entries "")
foreach(phase IN LISTS phases)
  get_filename_component(name ${phase} NAME_WE)
  flashcore_sources(files ${ROOT} ${phase})
  flashcore_hash(hash ${ROOT} ${files})
  string(APPEND declarations "extern const PhaseDescriptor flashcore_phase_${name};\n")
  string(APPEND entries "    {&flashcore_phase_${name}, \"${hash}\"},\n")
endforeach()
flashcore_hash(kernels_hash ${ROOT} ${everything})

file(WRITE ${OUTPUT}.new "// Written by cmake/phase_index.cmake at every change of the sources.
#include \"kernels/phase_table.h\"

#include \"kernels/phase_index.h\"

namespace flashcore::kernels {

${declarations}
namespace {
constexpr PhaseEntry kPhases[] = {
${entries}};
}  // namespace

std::span<const PhaseEntry> phase_table() noexcept {
  return kPhases;
}

std::string_view kernels_hash() noexcept {
  return \"${kernels_hash}\";
}

}  // namespace flashcore::kernels
")
file(COPY_FILE ${OUTPUT}.new ${OUTPUT} ONLY_IF_DIFFERENT)
file(TOUCH ${OUTPUT})
