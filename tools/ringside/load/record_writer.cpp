#include "tools/ringside/load/record_writer.hpp"

#include <deque>

#include "shm/base/limits.hpp"
#include "shm/document/verify.hpp"
#include "shm/name/name.hpp"

namespace ringside::tools {

namespace {

Result<void> check_record(std::string_view name, ByteView document, const WriteOptions& options) {
    if (auto checked = check_name(name); !checked) return checked;
    if (is_reserved(name)) return Error(Errc::reserved_name, std::string(name));
    if (static_cast<std::uint64_t>(options.ttl.count()) > limits::ttl_ms_max) {
        return Error(Errc::bad_ttl, std::to_string(options.ttl.count()) + " ms");
    }
    return verify_document(document);
}

class PipelineWriter : public RecordWriter {
public:
    PipelineWriter(Client client, bool merges, OnRefused on_refused)
        : client_(std::move(client)), merges_(merges), on_refused_(std::move(on_refused)) {
        PipelineOptions options;
        options.on_reply = [this](std::uint64_t, const Result<WriteResult>& result) {
            const std::uint64_t line = lines_.front();
            lines_.pop_front();
            if (result) ++count_;
            else on_refused_(line, result.error());
        };
        pipeline_.emplace(client_.pipeline(std::move(options)).value());
    }

    Result<void> write(std::uint64_t line, std::string_view name, ByteView document,
                       const WriteOptions& options) override {
        lines_.push_back(line);
        const auto sent = send(name, document, options);
        if (sent) return {};
        lines_.pop_back();
        const Errc code = sent.error().code;
        if (code == Errc::connection_lost || code == Errc::session_closed ||
            code == Errc::timed_out) {
            throw Exception(sent.error());
        }
        return sent.error();
    }

    void finish(bool) override { pipeline_->flush().value(); }
    [[nodiscard]] std::uint64_t count() const override { return count_; }

private:
    Result<std::uint64_t> send(std::string_view name, ByteView document,
                               const WriteOptions& options) {
        if (!merges_) return pipeline_->put_encoded(name, document, options);
        merge_.clear();
        if (auto added = merge_.merge_encoded(name, document, options); !added) {
            return added.error();
        }
        return pipeline_->commit(merge_);
    }

    Client client_;
    bool merges_;
    OnRefused on_refused_;
    Transaction merge_;
    std::deque<std::uint64_t> lines_;  ///< of the records whose answer is outstanding
    std::uint64_t count_ = 0;
    std::optional<Pipeline> pipeline_;
};

class AtomicWriter : public RecordWriter {
public:
    AtomicWriter(Client client, bool merges) : client_(std::move(client)), merges_(merges) {}

    Result<void> write(std::uint64_t, std::string_view name, ByteView document,
                       const WriteOptions& options) override {
        if (auto checked = check_record(name, document, options); !checked) return checked;
        bytes_ += name.size() + document.size();
        if (bytes_ > limits::message_bytes_max) {
            throw Exception(
                Error(Errc::transaction_too_large,
                      "the records exceed " + std::to_string(limits::message_bytes_max) +
                          " bytes, so nothing was written; load them without --atomic"));
        }
        return merges_ ? all_.merge_encoded(name, document, options)
                       : all_.put_encoded(name, document, options);
    }

    void finish(bool is_refused) override {
        if (is_refused || all_.size() == 0) return;
        client_.commit(all_).value();
        count_ = all_.size();
    }
    [[nodiscard]] std::uint64_t count() const override { return count_; }

private:
    Client client_;
    bool merges_;
    Transaction all_;
    std::size_t bytes_ = 0;
    std::uint64_t count_ = 0;
};

class CheckingWriter : public RecordWriter {
public:
    Result<void> write(std::uint64_t, std::string_view name, ByteView document,
                       const WriteOptions& options) override {
        auto checked = check_record(name, document, options);
        if (checked) ++count_;
        return checked;
    }
    void finish(bool) override {}
    [[nodiscard]] std::uint64_t count() const override { return count_; }

private:
    std::uint64_t count_ = 0;
};

}  // namespace

std::unique_ptr<RecordWriter> make_pipeline_writer(Client client, bool merges,
                                                   RecordWriter::OnRefused on_refused) {
    return std::make_unique<PipelineWriter>(std::move(client), merges, std::move(on_refused));
}

std::unique_ptr<RecordWriter> make_atomic_writer(Client client, bool merges) {
    return std::make_unique<AtomicWriter>(std::move(client), merges);
}

std::unique_ptr<RecordWriter> make_checking_writer() { return std::make_unique<CheckingWriter>(); }

}  // namespace ringside::tools
