// A library that answers cuDNN's version and has nothing else; cudnn_library_test.cpp opens it.
#include <cstddef>

extern "C" std::size_t cudnnGetVersion() {
  return FAKE_CUDNN_VERSION;
}
