# What `cmake --install BUILD --prefix P` puts where: a prefix in which the programs find one another, their
# recordings (recordings/CMakeLists.txt installs those) and the licence. scripts/bundle adds the libraries.
foreach(program IN ITEMS flashcore-profile flashcore)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT programs)
  endif()
endforeach()
# The manual page and the completions, where man and the shells look for them (app/cli/CMakeLists.txt makes them).
if(TARGET flashcore-profile)
  install(FILES ${CMAKE_BINARY_DIR}/share/man/flashcore-profile.1
          DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT programs)
  install(FILES ${CMAKE_BINARY_DIR}/share/completion/bash
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME flashcore-profile COMPONENT programs)
  install(FILES ${CMAKE_BINARY_DIR}/share/completion/zsh
          DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions RENAME _flashcore-profile COMPONENT programs)
  install(FILES ${CMAKE_BINARY_DIR}/share/completion/fish
          DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d RENAME flashcore-profile.fish COMPONENT programs)
endif()
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE
        DESTINATION ${CMAKE_INSTALL_DATADIR}/flashcore/licenses RENAME LICENSE COMPONENT programs)
# The shipped files of limits (docs/gates.md) and the workflow that uses them.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/gates/ DESTINATION ${CMAKE_INSTALL_DATADIR}/flashcore/gates COMPONENT programs OPTIONAL
        FILES_MATCHING PATTERN "*.toml" PATTERN "*.yml")
# The Python package's sources, for `pip install P/share/flashcore/python`; they find the library in P/lib.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/python/ DESTINATION ${CMAKE_INSTALL_DATADIR}/flashcore/python COMPONENT programs
        FILES_MATCHING PATTERN "*.py" PATTERN "pyproject.toml" PATTERN "__pycache__" EXCLUDE)
# The report carries ECharts, and so do the programs that write it. Where npm was out of reach there is none.
foreach(part IN ITEMS echarts/LICENSE echarts/NOTICE echarts/licenses/LICENSE-d3 zrender/LICENSE tslib/LICENSE.txt)
  string(REPLACE "/" "-" name ${part})
  install(FILES ${PROJECT_SOURCE_DIR}/reports/node_modules/${part}
          DESTINATION ${CMAKE_INSTALL_DATADIR}/flashcore/licenses RENAME ${name} COMPONENT programs OPTIONAL)
endforeach()
