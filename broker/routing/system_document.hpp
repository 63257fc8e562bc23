#pragma once

#include <span>

#include "broker/session/session.hpp"
#include "shm/base/types.hpp"

/// The documents of the records under `$sys/`; see shm/name/system_name.hpp.
namespace ringside::broker {

/// The document of `$sys/index/PATTERN/at:POINTER`.
[[nodiscard]] Bytes document_of_index(std::string_view pattern, std::string_view pointer);

[[nodiscard]] Bytes document_of_session(const Session& session, std::uint64_t opened_ns);
[[nodiscard]] Bytes document_of_presence(std::span<const SessionId> sessions);
/// The document of a provider or listener.
[[nodiscard]] Bytes document_of_provider(std::string_view pattern, SessionId session,
                                         std::uint32_t lane);
/// The document that names the provider of a subject.
[[nodiscard]] Bytes document_of_place(SessionId session, std::uint32_t lane,
                                      std::uint64_t declaration);

}  // namespace ringside::broker
