#include "client_impl.hpp"
#include "command.hpp"
#include "transaction_impl.hpp"

namespace ringside {

using detail::encode;
using detail::error_of;
using detail::terms_of;

namespace {

/// Sends the request in the lane and waits for its reply. `number`: of the request as last sent.
Result<shm::ReplyView> ask_in(detail::Channel& channel, const detail::Patience& patience,
                              Grade grade, std::uint64_t& number) {
    number = channel.next_number();
    ByteView message = channel.request.finish(number, grade == Grade::durable);
    for (;;) {
        if (auto sent = channel.send(number, message, true, patience); !sent) return sent.error();
        channel.ring_doorbell();
        auto reply = channel.await(number, patience);
        if (!reply || reply->error() != Errc::not_applied) return reply;
        // A broker has died, and it had certainly not started the request.
        number = channel.next_number();
        message = channel.request.renumber(number);
    }
}

/// Sends the request that `encode` builds, and waits for the reply. If the session ends and no
/// broker has started the request, sends it again in the next session.
template <class Encode>
Result<shm::ReplyView> ask(Client::Impl& impl, Grade grade, const Encode& encode) {
    const auto deadline = shm::Deadline::after(impl.patience().timeout);
    for (bool is_first = true;; is_first = false) {
        auto lane = impl.lane_for_request();
        if (!lane) return lane.error();
        detail::Channel& channel = (*lane)->channel();
        if (auto encoded = encode(channel.request); !encoded) {
            channel.request.clear();
            return encoded.error();
        }
        std::uint64_t number = 0;
        auto reply = ask_in(channel, impl.patience(), grade, number);
        if (reply || reply.error() != Errc::connection_lost) return reply;
        const bool is_undone = (*lane)->attachment().is_lost() && !channel.may_have_begun(number);
        // At least once: the time may have passed while the process was stopped.
        if (!is_undone || !impl.options().reconnect || (!is_first && deadline.has_passed())) {
            return reply;
        }
    }
}

/// Writes one command as a separate commit.
Result<WriteResult> write(Client::Impl& impl, wire::CommandKind kind, std::string_view name,
                          std::string_view pointer, ByteView document,
                          const WriteOptions& options) {
    auto terms = terms_of(options);
    if (!terms) return terms.error();
    auto reply = ask(impl, options.grade, [&](shm::RequestWriter& request) -> Result<void> {
        request.append(kind, name, pointer, document, *terms);
        return {};
    });
    if (!reply) return reply.error();
    if (reply->error() != Errc::ok) return error_of(*reply);
    return WriteResult{reply->revision(), reply->versions() > 0 ? reply->version(0) : 0};
}

Result<WriteResult> write_json(Client::Impl& impl, wire::CommandKind kind, std::string_view name,
                               std::string_view pointer, std::string_view json,
                               const WriteOptions& options) {
    auto document = encode(json, kind);
    if (!document) return document.error();
    return write(impl, kind, name, pointer, *document, options);
}

}  // namespace

Result<WriteResult> Client::put(std::string_view name, std::string_view json,
                                const WriteOptions& options) {
    return write_json(*impl_, wire::CommandKind::put, name, {}, json, options);
}
Result<WriteResult> Client::put(std::string_view name, const Document& document,
                                const WriteOptions& options) {
    return write(*impl_, wire::CommandKind::put, name, {}, document.bytes(), options);
}
Result<WriteResult> Client::patch(std::string_view name, std::string_view pointer,
                                  std::string_view json, const WriteOptions& options) {
    return write_json(*impl_, wire::CommandKind::set_path, name, pointer, json, options);
}
Result<WriteResult> Client::patch(std::string_view name, std::string_view pointer,
                                  const Document& value, const WriteOptions& options) {
    return write(*impl_, wire::CommandKind::set_path, name, pointer, value.bytes(), options);
}
Result<WriteResult> Client::merge(std::string_view name, std::string_view json,
                                  const WriteOptions& options) {
    return write_json(*impl_, wire::CommandKind::merge, name, {}, json, options);
}
Result<WriteResult> Client::json_patch(std::string_view name, std::string_view json,
                                       const WriteOptions& options) {
    return write_json(*impl_, wire::CommandKind::json_patch, name, {}, json, options);
}
Result<WriteResult> Client::remove(std::string_view name, const WriteOptions& options) {
    return write(*impl_, wire::CommandKind::remove, name, {}, {}, options);
}

Result<WriteResult> Client::publish(std::string_view subject, std::string_view json) {
    return write_json(*impl_, wire::CommandKind::publish, subject, {}, json, {});
}
Result<WriteResult> Client::publish(std::string_view subject, const Document& document) {
    return write(*impl_, wire::CommandKind::publish, subject, {}, document.bytes(), {});
}

Result<CommitResult> Client::commit(const Transaction& transaction) {
    auto reply = ask(*impl_, transaction.impl_->grade, [&](shm::RequestWriter& request) {
        return transaction.impl_->encode_into(request);
    });
    if (!reply) return reply.error();
    if (reply->error() != Errc::ok) {
        Error error = error_of(*reply);
        const auto& writes = transaction.impl_->writes;
        if (reply->failed_command() < writes.size()) {
            const auto name = transaction.impl_->text_of(writes[reply->failed_command()].name);
            const std::string where =
                "write " + std::to_string(reply->failed_command()) + " (" + std::string(name) + ")";
            error.detail = error.detail.empty() ? where : where + ": " + error.detail;
        }
        return error;
    }
    CommitResult result{reply->revision(), {}};
    for (std::size_t i = 0; i < reply->versions(); ++i)
        result.versions.push_back(reply->version(i));
    return result;
}

Result<WriteResult> Client::add_index(std::string_view pattern, std::string_view pointer) {
    return write(*impl_, wire::CommandKind::add_index, pattern, pointer, {}, {});
}
Result<WriteResult> Client::remove_index(std::string_view pattern, std::string_view pointer) {
    return write(*impl_, wire::CommandKind::remove_index, pattern, pointer, {}, {});
}

Result<void> Client::close_session(SessionId session) {
    auto reply = ask(*impl_, Grade::applied, [&](shm::RequestWriter& request) -> Result<void> {
        request.close_session(session);
        return {};
    });
    if (!reply) return reply.error();
    if (reply->error() != Errc::ok) return error_of(*reply);
    return {};
}

Result<Revision> Client::compact() {
    auto reply = ask(*impl_, Grade::applied, [](shm::RequestWriter& request) -> Result<void> {
        request.compact();
        return {};
    });
    if (!reply) return reply.error();
    if (reply->error() != Errc::ok) return error_of(*reply);
    return reply->revision();
}

}  // namespace ringside
