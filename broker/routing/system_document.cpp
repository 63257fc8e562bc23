#include "broker/routing/system_document.hpp"

#include "shm/document/builder.hpp"

namespace ringside::broker {

namespace {

class ObjectBuilder {
public:
    ObjectBuilder() { builder_.begin_object(); }
    ObjectBuilder& number(std::string_view key, std::uint64_t value) {
        builder_.key(key);
        builder_.unsigned_integer(value);
        return *this;
    }
    ObjectBuilder& text(std::string_view key, std::string_view value) {
        builder_.key(key);
        builder_.string(value);
        return *this;
    }
    ObjectBuilder& numbers(std::string_view key, std::span<const SessionId> values) {
        builder_.key(key);
        builder_.begin_array();
        for (const SessionId value : values) builder_.unsigned_integer(value);
        builder_.end_array();
        return *this;
    }
    [[nodiscard]] Bytes finish() {
        builder_.end_object();
        const ByteView encoded = builder_.finish().value();
        return {encoded.begin(), encoded.end()};
    }

private:
    DocumentBuilder builder_;
};

std::string_view name_of(shm::Role role) noexcept {
    switch (role) {
        case shm::Role::none: return "none";
        case shm::Role::reader: return "reader";
        case shm::Role::writer: return "writer";
        case shm::Role::provider: return "provider";
        case shm::Role::admin: return "admin";
    }
    return "unknown";
}

}  // namespace

Bytes document_of_index(std::string_view pattern, std::string_view pointer) {
    return ObjectBuilder().text("pattern", pattern).text("pointer", pointer).finish();
}

Bytes document_of_session(const Session& session, std::uint64_t opened_ns) {
    const Peer& peer = session.peer();
    ObjectBuilder object;
    object.number("pid", peer.credentials.pid)
        .number("uid", peer.credentials.uid)
        .number("gid", peer.credentials.gid)
        .text("program", peer.program)
        .text("role", name_of(peer.access.role))
        .number("opened_ms", opened_ns / 1'000'000);
    if (!peer.user.empty()) object.text("user", peer.user);
    return object.finish();
}

Bytes document_of_presence(std::span<const SessionId> sessions) {
    return ObjectBuilder().numbers("sessions", sessions).finish();
}

Bytes document_of_provider(std::string_view pattern, SessionId session, std::uint32_t lane) {
    return ObjectBuilder()
        .text("pattern", pattern)
        .number("session", session)
        .number("lane", lane)
        .finish();
}

Bytes document_of_place(SessionId session, std::uint32_t lane, std::uint64_t declaration) {
    return ObjectBuilder()
        .number("session", session)
        .number("lane", lane)
        .number("declaration", declaration)
        .finish();
}

}  // namespace ringside::broker
