# The library behind tools/support/built_paths.hpp, with the paths of this build's programs.
# Included when all targets exist.
foreach(program ringside-gateway ringside-kafka ringside-onsale ringside-quotes ringside-seatmap
                ringside-broker-crashing mock_kafka)
  set(path_of_${program} "")
  if(TARGET ${program})
    set(path_of_${program} "$<TARGET_FILE:${program}>")
  endif()
endforeach()
foreach(found RINGSIDE_KCAT RINGSIDE_NODE NATS_SERVER NGINX REDIS_SERVER WRK)
  if(NOT ${found})
    set(${found} "")
  endif()
endforeach()
configure_file(${PROJECT_SOURCE_DIR}/tools/support/built_paths.cpp.in
               ${CMAKE_BINARY_DIR}/gen/built_paths.cpp.in @ONLY)
file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/gen/built_paths.cpp
     INPUT ${CMAKE_BINARY_DIR}/gen/built_paths.cpp.in)
add_library(ringside_built_paths STATIC ${CMAKE_BINARY_DIR}/gen/built_paths.cpp)
target_include_directories(ringside_built_paths PUBLIC ${PROJECT_SOURCE_DIR})
target_compile_features(ringside_built_paths PUBLIC cxx_std_20)
target_link_libraries(ringside_built_paths PRIVATE ringside_options)
