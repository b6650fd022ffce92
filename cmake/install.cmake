# What `cmake --install BUILD --prefix P` puts where: a prefix in which the programs find one another, their
# recordings (recordings/CMakeLists.txt installs those) and the licence. scripts/bundle adds the libraries.
foreach(program IN ITEMS flashcore-profile flashcore)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT programs)
  endif()
endforeach()
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE
        DESTINATION ${CMAKE_INSTALL_DATADIR}/flashcore/licenses RENAME LICENSE COMPONENT programs)
# The Python package's sources, for `pip install P/share/flashcore/python`; they find the library in P/lib.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/python/ DESTINATION ${CMAKE_INSTALL_DATADIR}/flashcore/python COMPONENT programs
        FILES_MATCHING PATTERN "*.py" PATTERN "pyproject.toml" PATTERN "__pycache__" EXCLUDE)
# The report carries ECharts, and so do the programs that write it. Where npm was out of reach there is none.
foreach(part IN ITEMS echarts/LICENSE echarts/NOTICE echarts/licenses/LICENSE-d3 zrender/LICENSE tslib/LICENSE.txt)
  string(REPLACE "/" "-" name ${part})
  install(FILES ${PROJECT_SOURCE_DIR}/reports/node_modules/${part}
          DESTINATION ${CMAKE_INSTALL_DATADIR}/flashcore/licenses RENAME ${name} COMPONENT programs OPTIONAL)
endforeach()
