# flashcore_phases(TARGET FILE...)
# Compiles each phase for its GPUs and gives TARGET the objects and the table of what ptxas allotted.
#
# A phase is compiled for CMAKE_CUDA_ARCHITECTURES, or, where its file has a line
#   // flashcore-targets: 90a
# for those of them that the line names. Without a toolkit the same file is plain C++ with
# FLASHCORE_CUDA 0: its descriptor is there, its launcher is not.

# The architectures of one phase, in CMake's notation.
function(flashcore_phase_targets result file)
  set(targets ${CMAKE_CUDA_ARCHITECTURES})
  file(STRINGS ${file} line REGEX "^// flashcore-targets:" LIMIT_COUNT 1)
  if(line)
    string(REGEX MATCHALL "[0-9]+[a-z]?" wanted "${line}")
    list(TRANSFORM wanted REPLACE "(.+)" "^\\1(-real|-virtual)?$" OUTPUT_VARIABLE patterns)
    list(JOIN patterns "|" pattern)
    list(FILTER targets INCLUDE REGEX "${pattern}")
    if(NOT targets)
      list(TRANSFORM wanted APPEND "-real" OUTPUT_VARIABLE targets)
    endif()
  endif()
  set(${result} ${targets} PARENT_SCOPE)
endfunction()

# One cubin and one ptxas log for each real architecture of a phase. An object holds its cubins compressed, so
# they are compiled once more here; "-cubin -c" is what ccache keeps, with the log (wmma, four targets: 6.7 s the
# first time, 0.04 s after).
function(flashcore_phase_cubins name file targets)
  file(STRINGS ${file} hidden REGEX "\\.hidden *= *true" LIMIT_COUNT 1)
  if(hidden)
    set(kind hidden)
  else()
    set(kind shipped)
  endif()
  set(object_target flashcore_phase_${name})
  foreach(target IN LISTS targets)
    string(REGEX REPLACE "-real$" "" arch "${target}")
    if(NOT arch MATCHES "^[0-9]+[a-z]?$")
      continue()
    endif()
    set(cubin ${CMAKE_CURRENT_BINARY_DIR}/ptxas/${name}.sm_${arch}.cubin)
    set(includes $<TARGET_PROPERTY:${object_target},INCLUDE_DIRECTORIES>)
    add_custom_command(OUTPUT ${cubin} ${cubin}.log
      COMMAND ${CMAKE_COMMAND} -D LOG=${cubin}.log -P ${PROJECT_SOURCE_DIR}/cmake/run_logged.cmake --
        ${CMAKE_CUDA_COMPILER_LAUNCHER} ${CMAKE_CUDA_COMPILER} ${CMAKE_CUDA20_STANDARD_COMPILE_OPTION}
        -arch=sm_${arch} -cubin -c -lineinfo
        -DFLASHCORE_CUDA=1 -DNDEBUG "$<$<BOOL:${includes}>:-I$<JOIN:${includes},;-I>>" -Xptxas -v
        -MD -MT ${cubin} -MF ${cubin}.d -o ${cubin} ${file}
      DEPENDS ${file} ${PROJECT_SOURCE_DIR}/cmake/run_logged.cmake
      DEPFILE ${cubin}.d
      COMMENT "Asking ptxas about ${name} on sm_${arch}"
      COMMAND_EXPAND_LISTS VERBATIM)
    list(APPEND entries ${name} ${arch} ${kind} ${cubin} ${cubin}.log)
    list(APPEND outputs ${cubin} ${cubin}.log)
    list(APPEND depfiles ${cubin}.d)
  endforeach()
  set(table_entries ${table_entries} ${entries} PARENT_SCOPE)
  set(table_inputs ${table_inputs} ${outputs} PARENT_SCOPE)
  string(APPEND check_inputs "list(APPEND phases ${name})\nset(depfiles_${name} ${depfiles})\n")
  set(check_inputs "${check_inputs}" PARENT_SCOPE)
endfunction()

# Holds the hashes of the phases against what the compilers read; TARGET waits for it.
function(flashcore_check_sources target)
  set(inputs ${CMAKE_CURRENT_BINARY_DIR}/ptxas/check_sources_inputs.cmake)
  file(GENERATE OUTPUT ${inputs} CONTENT "${check_inputs}set(includes $<TARGET_PROPERTY:${target},INCLUDE_DIRECTORIES>)
set(compiler ${CMAKE_CXX_COMPILER} ${CMAKE_CXX20_STANDARD_COMPILE_OPTION} -DFLASHCORE_CUDA=1)
")
  set(stamp ${CMAKE_CURRENT_BINARY_DIR}/ptxas/sources.checked)
  file(GLOB_RECURSE hosts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/core/*.h ${PROJECT_SOURCE_DIR}/cuda/*
    ${PROJECT_SOURCE_DIR}/kernels/*.h ${PROJECT_SOURCE_DIR}/kernels/*.cpp)
  add_custom_command(OUTPUT ${stamp}
    COMMAND ${CMAKE_COMMAND} -D ROOT=${PROJECT_SOURCE_DIR} -D INPUTS=${inputs} -D OUTPUT=${stamp}
      -P ${PROJECT_SOURCE_DIR}/cmake/check_sources.cmake
    DEPENDS ${table_inputs} ${hosts} ${inputs} ${PROJECT_SOURCE_DIR}/cmake/check_sources.cmake
      ${PROJECT_SOURCE_DIR}/cmake/source_closure.cmake
    COMMENT "Holding the hashes of the phases against what the compilers read"
    VERBATIM)
  target_sources(${target} PRIVATE ${stamp})
endfunction()

function(flashcore_phases target)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${ARGN})
  if(NOT FLASHCORE_HAS_CUDA)
    set_source_files_properties(${ARGN} PROPERTIES LANGUAGE CXX)
    target_sources(${target} PRIVATE ${ARGN})
    target_compile_definitions(${target} PRIVATE FLASHCORE_CUDA=0)
    return()
  endif()

  set(table_entries "")
  set(table_inputs "")
  set(check_inputs "")
  foreach(file IN LISTS ARGN)
    get_filename_component(name ${file} NAME_WE)
    flashcore_phase_targets(targets ${file})
    add_library(flashcore_phase_${name} OBJECT ${file})
    set_target_properties(flashcore_phase_${name} PROPERTIES CUDA_ARCHITECTURES "${targets}")
    target_compile_definitions(flashcore_phase_${name} PRIVATE FLASHCORE_CUDA=1)
    target_compile_options(flashcore_phase_${name} PRIVATE -lineinfo -Xcompiler=-Wall,-Wextra,-Wno-missing-field-initializers)
    target_link_libraries(flashcore_phase_${name} PRIVATE flashcore_core)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:flashcore_phase_${name}>)
    flashcore_phase_cubins(${name} ${file} "${targets}")
  endforeach()

  # What scripts/check_compiler_limits reads.
  list(JOIN table_entries "\n" lines)
  file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/ptxas/entries.txt CONTENT "${lines}\n")

  add_executable(flashcore_compiler_table ${PROJECT_SOURCE_DIR}/kernels/tools/compiler_table.cpp)
  target_link_libraries(flashcore_compiler_table PRIVATE flashcore_warnings PkgConfig::libelf)
  set_target_properties(flashcore_compiler_table PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
  set(table ${CMAKE_CURRENT_BINARY_DIR}/compiler_table.cpp)
  add_custom_command(OUTPUT ${table}
    COMMAND flashcore_compiler_table ${table} ${table_entries}
    DEPENDS flashcore_compiler_table ${table_inputs}
    COMMENT "Writing what ptxas allotted"
    VERBATIM)
  target_sources(${target} PRIVATE ${table})
  target_compile_definitions(${target} PRIVATE FLASHCORE_CUDA=1)
  target_link_libraries(${target} PUBLIC CUDA::cudart_static)
  flashcore_check_sources(${target})
endfunction()
