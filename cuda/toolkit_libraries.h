// Where the libraries of a CUDA toolkit may lie: the candidates for DynamicLibrary::open().
//
// Owns: nothing. Threads: any; the environment must not change meanwhile. Errors: none, what is not there is
// refused by the loader.
//
//   auto cublas = DynamicLibrary::open(toolkit_library_candidates({"libcublas.so.13", "libcublas.so.12"}));
#pragma once

#include <string>
#include <vector>

namespace flashcore::cuda {

// Folders with a '/' at their end, best first: ../lib of the program (a bundle), the loader's own search (an
// empty name), CUDA_HOME and CUDA_PATH, /usr/local/cuda, the toolkit of the build. Of a toolkit lib64, lib
// and extras/CUPTI/lib64.
std::vector<std::string> toolkit_library_folders();

// Every folder with every name: all folders for the first soname, then for the next.
std::vector<std::string> toolkit_library_candidates(const std::vector<std::string>& sonames);

}  // namespace flashcore::cuda
