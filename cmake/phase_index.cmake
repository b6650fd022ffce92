# cmake -D SOURCE=<kernels/> -D OUTPUT=<phase_table.cpp> -P phase_index.cmake
# Writes the table of phases, one entry a file in kernels/phases/, with the hashes by which a recording is
# known to be stale. A hash is SHA-256 over lines "path sha256", sorted by path.
function(hash_files result)
  set(lines "")
  foreach(path IN LISTS ARGN)
    file(SHA256 ${SOURCE}/${path} sum)
    string(APPEND lines "${path} ${sum}\n")
  endforeach()
  string(SHA256 total "${lines}")
  set(${result} ${total} PARENT_SCOPE)
endfunction()

file(GLOB phases RELATIVE ${SOURCE} ${SOURCE}/phases/*.cu)
file(GLOB_RECURSE shared RELATIVE ${SOURCE} ${SOURCE}/device/*)
file(GLOB_RECURSE everything RELATIVE ${SOURCE} ${SOURCE}/*)
list(SORT phases)
list(SORT everything)
set(declarations "")
set(entries "")
foreach(phase IN LISTS phases)
  get_filename_component(name ${phase} NAME_WE)
  set(files ${phase} ${shared} phase.h)
  list(SORT files)
  hash_files(hash ${files})
  string(APPEND declarations "extern const PhaseDescriptor flashcore_phase_${name};\n")
  string(APPEND entries "    {&flashcore_phase_${name}, \"${hash}\"},\n")
endforeach()
hash_files(kernels_hash ${everything})

file(WRITE ${OUTPUT}.new "// Written by cmake/phase_index.cmake at every change of kernels/.
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
