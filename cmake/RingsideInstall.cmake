# `find_package(ringside)` provides ringside::client, and with COMPONENTS sql ringside::sql. Their names
# in pkg-config are `ringside` and `ringside-sql`.
include(CMakePackageConfigHelpers)
include(RingsideManuals)

install(TARGETS ringside ringside-broker RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS ringside_client ringside_shm EXPORT ringsideTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY client/include/ringside DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
# The shared headers are included as "shm/...", so they are installed below ringside's own directory.
install(DIRECTORY shm DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ringside FILES_MATCHING PATTERN "*.hpp")
install(DIRECTORY ${RINGSIDE_GENERATED_DIR}/shm DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ringside
        FILES_MATCHING PATTERN "*.h")

if(RINGSIDE_BUILD_SQL)
  install(TARGETS ringside_sql EXPORT ringsideTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(FILES client/sql/include/ringside/sql.hpp client/sql/include/ringside/sql_live.hpp
          DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ringside)
  install(FILES tools/examples/onsale/report.sql
          DESTINATION ${CMAKE_INSTALL_DATADIR}/ringside/examples/onsale)
endif()

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/ringside)
install(EXPORT ringsideTargets NAMESPACE ringside:: DESTINATION ${package_dir})
configure_package_config_file(cmake/ringsideConfig.cmake.in ringsideConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(ringsideConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/ringsideConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/ringsideConfigVersion.cmake
        DESTINATION ${package_dir})
# The package may be installed below any prefix: its file derives the prefix from its own location.
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH prefix_from_pkgconfig_dir /${pkgconfig_dir} /)
set(pkgconfig_files ringside.pc)
if(RINGSIDE_BUILD_SQL)
  list(APPEND pkgconfig_files ringside-sql.pc)
endif()
foreach(file ${pkgconfig_files})
  configure_file(cmake/${file}.in ${file} @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${file} DESTINATION ${pkgconfig_dir})
endforeach()

# Units and users are installed where systemd looks below the prefix (/usr/lib/systemd for /usr). A
# unit contains paths below the prefix of `cmake --install`, which may differ from the configured one.
# So the unit is generated during the installation.
function(ringside_install_unit name template)
  cmake_parse_arguments(PARSE_ARGV 2 unit "" DIRECTION "")
  install(CODE "
    set(direction \"${unit_DIRECTION}\")
    set(RINGSIDE_BINDIR \"${CMAKE_INSTALL_BINDIR}\")
    set(RINGSIDE_DOCDIR \"${CMAKE_INSTALL_DOCDIR}\")
    set(RINGSIDE_DATADIR \"${CMAKE_INSTALL_DATADIR}/ringside\")
    foreach(directory RINGSIDE_BINDIR RINGSIDE_DOCDIR RINGSIDE_DATADIR)
      cmake_path(ABSOLUTE_PATH \${directory} BASE_DIRECTORY \"\${CMAKE_INSTALL_PREFIX}\")
    endforeach()
    configure_file(\"${PROJECT_SOURCE_DIR}/tools/systemd/${template}\"
                   \"${CMAKE_CURRENT_BINARY_DIR}/units/${name}\" @ONLY)
    file(INSTALL DESTINATION \"\${CMAKE_INSTALL_PREFIX}/lib/systemd/system\" TYPE FILE
         FILES \"${CMAKE_CURRENT_BINARY_DIR}/units/${name}\")")
endfunction()

ringside_install_unit(ringside-broker@.service ringside-broker@.service.in)
install(FILES tools/systemd/ringside.conf DESTINATION lib/sysusers.d)
install(FILES tools/systemd/roles.toml DESTINATION ${CMAKE_INSTALL_DATADIR}/ringside)
# All pages, whichever parts are built, because they link to each other.
install(FILES LICENSE NOTICE docs/deepstream.md docs/design.md docs/gateway.md docs/glossary.md
              docs/kafka.md docs/operations.md docs/protocol.md docs/query.md docs/walkthrough.md
        DESTINATION ${CMAKE_INSTALL_DOCDIR})

if(TARGET ringside-gateway)
  install(TARGETS ringside-gateway RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  ringside_install_unit(ringside-gateway@.service ringside-gateway@.service.in)
  install(FILES tools/gateway/dashboard/ringside.json tools/gateway/dashboard/alerts.yml
          DESTINATION ${CMAKE_INSTALL_DOCDIR})
endif()

if(TARGET ringside-kafka)
  install(TARGETS ringside-kafka RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  foreach(direction source sink)
    ringside_install_unit(ringside-kafka-${direction}@.service ringside-kafka@.service.in
                          DIRECTION ${direction})
  endforeach()
endif()
