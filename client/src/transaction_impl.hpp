#pragma once

#include <string>
#include <vector>

#include "command.hpp"
#include "ringside/write.hpp"

namespace ringside {

struct Transaction::Impl {
    struct Write {
        wire::CommandKind kind = wire::CommandKind::put;
        std::string name;
        std::string pointer;
        Bytes document;
        shm::CommandTerms terms;
    };
    std::vector<Write> writes;
    Grade grade = Grade::applied;

    /// Errors: those of the options, and of JSON text.
    Result<void> add(wire::CommandKind kind, std::string_view name, std::string_view pointer,
                     ByteView document, const WriteOptions& options);
    Result<void> add_json(wire::CommandKind kind, std::string_view name, std::string_view pointer,
                          std::string_view json, const WriteOptions& options);

    /// Appends all writes to a request. Error: transaction_too_large.
    Result<void> encode_into(shm::RequestWriter& request) const {
        for (const Write& write : writes) {
            if (request.bytes() + write.document.size() > limits::message_bytes_max) {
                return Error(Errc::transaction_too_large,
                             "its bytes are more than one message has");
            }
            request.append(write.kind, write.name, write.pointer, write.document, write.terms);
        }
        return {};
    }
};

}  // namespace ringside
