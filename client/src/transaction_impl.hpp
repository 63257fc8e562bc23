#pragma once

#include <string_view>
#include <vector>

#include "command.hpp"
#include "ringside/write.hpp"

namespace ringside {

/// Names, pointers and documents are stored consecutively in one buffer, which is reused for the
/// next transaction.
struct Transaction::Impl {
    struct Part {
        std::size_t at = 0;
        std::size_t size = 0;
    };
    struct Write {
        wire::CommandKind kind = wire::CommandKind::put;
        Part name;
        Part pointer;
        Part document;
        shm::CommandTerms terms;
    };
    std::vector<Write> writes;
    Bytes bytes;
    Grade grade = Grade::applied;

    /// Errors: those of the options, and of JSON text.
    Result<void> add(wire::CommandKind kind, std::string_view name, std::string_view pointer,
                     ByteView document, const WriteOptions& options);
    Result<void> add_json(wire::CommandKind kind, std::string_view name, std::string_view pointer,
                          std::string_view json, const WriteOptions& options);

    [[nodiscard]] std::string_view text_of(const Part& part) const noexcept {
        return {reinterpret_cast<const char*>(bytes.data()) + part.at, part.size};
    }
    [[nodiscard]] ByteView bytes_of(const Part& part) const noexcept {
        return ByteView(bytes).subspan(part.at, part.size);
    }

    /// Appends all writes to a request. Error: transaction_too_large.
    Result<void> encode_into(shm::RequestWriter& request) const {
        for (const Write& write : writes) {
            if (request.bytes() + write.document.size > limits::message_bytes_max) {
                return Error(Errc::transaction_too_large,
                             "the changes do not fit into one message; split the transaction");
            }
            request.append(write.kind, text_of(write.name), text_of(write.pointer),
                           bytes_of(write.document), write.terms);
        }
        return {};
    }

private:
    Part append(ByteView part) {
        bytes.insert(bytes.end(), part.begin(), part.end());
        return {bytes.size() - part.size(), part.size()};
    }
    Part append(std::string_view text) {
        return append(ByteView(reinterpret_cast<const Byte*>(text.data()), text.size()));
    }
};

}  // namespace ringside
