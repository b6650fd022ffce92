# cmake -D ROOT=<tree> -D INPUTS=<file> -D OUTPUT=<stamp> -P check_sources.cmake
# Fails where the hash of a phase covers other files than the compilers read: what source_closure.cmake finds
# is held against the depfiles of the phase's cubins and against the C++ compiler's -M of the host files that
# the phase links with. INPUTS sets
#   phases         names of phases
#   depfiles_NAME  nvcc's depfiles of the phase, one a target
#   compiler       the host compiler with its language and definitions
#   includes       its include folders
include(${CMAKE_CURRENT_LIST_DIR}/source_closure.cmake)
include(${INPUTS})

# The project's files among the prerequisites of a make rule, relative to ROOT, sorted.
function(project_files result rule)
  string(REGEX REPLACE "^[^\n]*[^\\\n]:[ \t]" "" rule "${rule}")
  string(REPLACE "\\\n" " " rule "${rule}")
  string(REPLACE "\\ " "\t" rule "${rule}")  # a space in a path
  string(REGEX MATCHALL "[^ \n]+" paths "${rule}")
  set(found "")
  foreach(path IN LISTS paths)
    string(REPLACE "\t" " " path "${path}")
    if(NOT EXISTS "${path}")
      continue()
    endif()
    file(REAL_PATH "${path}" path)
    cmake_path(IS_PREFIX ROOT "${path}" inside)
    if(inside)
      file(RELATIVE_PATH path ${ROOT} ${path})
      list(APPEND found ${path})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES found)
  list(SORT found)
  set(${result} ${found} PARENT_SCOPE)
endfunction()

function(compare what expected read)
  set(only_read ${read})
  list(REMOVE_ITEM only_read ${expected})
  set(only_expected ${expected})
  list(REMOVE_ITEM only_expected ${read})
  if(only_read OR only_expected)
    list(JOIN only_read ", " only_read)
    list(JOIN only_expected ", " only_expected)
    message(FATAL_ERROR "the hash of ${what} covers other files than the compiler reads.\n"
      "read, not covered: ${only_read}\ncovered, not read: ${only_expected}\n"
      "Include the project's files as #include \"path/from/the/root\", and where FLASHCORE_CUDA is 1.")
  endif()
endfunction()

file(REAL_PATH ${ROOT} ROOT)
list(TRANSFORM includes PREPEND "-I")
set(hosts "")
foreach(phase IN LISTS phases)
  set(file kernels/phases/${phase}.cu)
  set(read "")
  foreach(depfile IN LISTS depfiles_${phase})
    file(READ ${depfile} rule)
    project_files(of_target "${rule}")
    list(APPEND read ${of_target})
  endforeach()
  list(REMOVE_DUPLICATES read)
  list(SORT read)
  flashcore_reads(expected ${ROOT} ${file})
  compare("phase ${phase}" "${expected}" "${read}")
  flashcore_linked(linked ${ROOT} ${file})
  list(APPEND hosts ${linked})
endforeach()

list(REMOVE_DUPLICATES hosts)
foreach(host IN LISTS hosts)
  execute_process(COMMAND ${compiler} ${includes} -M ${ROOT}/${host}
    OUTPUT_VARIABLE rule ERROR_VARIABLE said RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "${host} cannot be read: ${said}")
  endif()
  project_files(read "${rule}")
  flashcore_reads(expected ${ROOT} ${host})
  compare(${host} "${expected}" "${read}")
endforeach()
file(TOUCH ${OUTPUT})
