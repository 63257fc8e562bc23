# `find_package(ringside)` gives ringside::client, and with COMPONENTS sql ringside::sql; pkg-config
# knows them as `ringside` and `ringside-sql`.
include(CMakePackageConfigHelpers)

install(TARGETS ringside ringside-broker RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS ringside_client ringside_shm EXPORT ringsideTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY client/include/ringside DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
# The shared headers are included as "shm/...": they go below ringside's own directory.
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
# The package may be installed below any prefix: its file finds that from its own place.
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

# The unit and its user go where systemd looks below the prefix (/usr/lib/systemd for /usr).
configure_file(tools/systemd/ringside-broker@.service.in ringside-broker@.service @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/ringside-broker@.service"
        DESTINATION lib/systemd/system)
install(FILES tools/systemd/ringside.conf DESTINATION lib/sysusers.d)
install(FILES LICENSE NOTICE docs/operations.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

if(TARGET ringside-gateway)
  install(TARGETS ringside-gateway RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  configure_file(tools/systemd/ringside-gateway@.service.in ringside-gateway@.service @ONLY)
  install(FILES "${CMAKE_CURRENT_BINARY_DIR}/ringside-gateway@.service"
          DESTINATION lib/systemd/system)
  install(FILES docs/gateway.md tools/gateway/dashboard/ringside.json
          DESTINATION ${CMAKE_INSTALL_DOCDIR})
endif()

if(TARGET ringside-kafka)
  install(TARGETS ringside-kafka RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  foreach(direction source sink)
    set(unit ringside-kafka-${direction}@.service)
    configure_file(tools/systemd/ringside-kafka@.service.in ${unit} @ONLY)
    install(FILES "${CMAKE_CURRENT_BINARY_DIR}/${unit}" DESTINATION lib/systemd/system)
  endforeach()
  install(FILES docs/kafka.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
endif()
