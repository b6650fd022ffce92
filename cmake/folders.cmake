# flashcore_folder(NAME DEPENDS ... LIBRARIES ... [PRIVATE_LIBRARIES ...] [SOURCES ...] [HEADERS ...])
# One static library a folder: target flashcore_NAME from the folder's *.cpp, public headers (its *.h, and
# HEADERS of its subfolders) verified to compile alone, linked publicly to the folders that it may include
# (the arrows; scripts/check_layers holds the same table against the sources).
set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ON)
function(flashcore_folder name)
  cmake_parse_arguments(arg "" "" "DEPENDS;LIBRARIES;PRIVATE_LIBRARIES;SOURCES;HEADERS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  file(GLOB headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
  add_library(flashcore_${name} STATIC ${sources} ${arg_SOURCES})
  target_sources(flashcore_${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}
                 FILES ${headers} ${arg_HEADERS})
  target_include_directories(flashcore_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  list(TRANSFORM arg_DEPENDS PREPEND flashcore_)
  target_link_libraries(flashcore_${name} PUBLIC ${arg_DEPENDS} ${arg_LIBRARIES}
                        PRIVATE flashcore_warnings ${arg_PRIVATE_LIBRARIES})
endfunction()
