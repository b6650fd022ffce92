# The project's files that a compiler reads for a phase, found from the sources alone: the same answer in a
# build with a CUDA toolkit and in one without. cmake/check_sources.cmake holds it against what the compiler
# says.
#
# A file reads what its #include "..." lines name, in every branch of its #if. A header of kernels/ or cuda/
# stands for the .cpp of its name too: the phase links with it, and that file reads in turn.

cmake_minimum_required(VERSION 3.25)  # for scripts that run alone

# flashcore_includes(RESULT ROOT FILE): the project's files that FILE, relative to ROOT, includes itself.
function(flashcore_includes result root file)
  file(STRINGS ${root}/${file} lines REGEX "^[ \t]*#[ \t]*include[ \t]*\"[^\"]+\"")
  get_filename_component(folder ${file} DIRECTORY)
  set(found "")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^[^\"]*\"([^\"]+)\".*$" "\\1" name "${line}")
    # As the compiler looks: beside the file, then from the root.
    foreach(candidate IN ITEMS ${folder}/${name} ${name})
      if(EXISTS ${root}/${candidate})
        cmake_path(NORMAL_PATH candidate)
        list(APPEND found ${candidate})
        break()
      endif()
    endforeach()
  endforeach()
  set(${result} ${found} PARENT_SCOPE)
endfunction()

# flashcore_reads(RESULT ROOT FILE...): the files and all that they include, sorted: one compiler's reading.
function(flashcore_reads result root)
  set(open ${ARGN})
  set(seen "")
  while(open)
    list(POP_FRONT open file)
    if(file IN_LIST seen)
      continue()
    endif()
    list(APPEND seen ${file})
    flashcore_includes(more ${root} ${file})
    list(APPEND open ${more})
  endwhile()
  list(SORT seen)
  set(${result} ${seen} PARENT_SCOPE)
endfunction()

# flashcore_linked(RESULT ROOT FILE): the .cpp files of kernels/ and cuda/ that FILE's object is linked with.
function(flashcore_linked result root file)
  set(open ${file})
  set(linked "")
  while(open)
    list(POP_FRONT open source)
    flashcore_reads(reads ${root} ${source})
    foreach(header IN LISTS reads)
      if(NOT header MATCHES "^(kernels|cuda)/.*\\.h$")
        continue()
      endif()
      string(REGEX REPLACE "\\.h$" ".cpp" own "${header}")
      if(EXISTS ${root}/${own} AND NOT own IN_LIST linked)
        list(APPEND linked ${own})
        list(APPEND open ${own})
      endif()
    endforeach()
  endwhile()
  list(SORT linked)
  set(${result} ${linked} PARENT_SCOPE)
endfunction()

# flashcore_sources(RESULT ROOT FILE): everything that decides what the phase in FILE does, sorted.
function(flashcore_sources result root file)
  flashcore_linked(linked ${root} ${file})
  flashcore_reads(sources ${root} ${file} ${linked})
  set(${result} ${sources} PARENT_SCOPE)
endfunction()

# flashcore_hash(RESULT ROOT FILE...): SHA-256 over lines "path sha256" of the files, in the order given.
function(flashcore_hash result root)
  set(lines "")
  foreach(path IN LISTS ARGN)
    file(SHA256 ${root}/${path} sum)
    string(APPEND lines "${path} ${sum}\n")
  endforeach()
  string(SHA256 total "${lines}")
  set(${result} ${total} PARENT_SCOPE)
endfunction()
