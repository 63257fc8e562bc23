# `find_package(ringside)` gives ringside::client; pkg-config knows it as `ringside`.
include(CMakePackageConfigHelpers)

install(TARGETS ringside ringside-broker RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS ringside_client ringside_shm EXPORT ringsideTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY client/include/ringside DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
# The shared headers are included as "shm/...": they go below ringside's own directory.
install(DIRECTORY shm DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ringside FILES_MATCHING PATTERN "*.hpp")
install(DIRECTORY ${RINGSIDE_GENERATED_DIR}/shm DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ringside
        FILES_MATCHING PATTERN "*.h")

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
configure_file(cmake/ringside.pc.in ringside.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/ringside.pc DESTINATION ${pkgconfig_dir})

# The unit and its user go where systemd looks below the prefix (/usr/lib/systemd for /usr).
configure_file(tools/systemd/ringside-broker@.service.in ringside-broker@.service @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/ringside-broker@.service"
        DESTINATION lib/systemd/system)
install(FILES tools/systemd/ringside.conf DESTINATION lib/sysusers.d)
install(FILES docs/operations.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
