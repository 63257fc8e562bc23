#include <malloc.h>

#include <boost/unordered/unordered_flat_map.hpp>

#include "bench/peers/peer.hpp"

namespace ringside::bench {

namespace {

struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const {
        return boost::hash<std::string_view>()(name);
    }
};

double allocated_bytes() {
    const auto info = mallinfo2();
    return static_cast<double>(info.uordblks + info.hblkhd);
}

/// A hash map in private memory of the reader: a lower bound for the time of a lookup.
class PlainMap : public Peer {
public:
    [[nodiscard]] std::string_view name() const override { return "map in the process"; }

    void fill(std::size_t records) override {
        const double before = allocated_bytes();
        map_.reserve(records);
        for (std::size_t i = 0; i < records; ++i)
            map_.emplace(name_of(i), document_from_json(json_of(i)).value());
        bytes_used_ = allocated_bytes() - before;
    }

    std::int64_t read(Names names) override {
        std::int64_t sum = 0;
        for (const std::string_view name : names) sum += price_in(map_.find(name)->second);
        return sum;
    }

    std::int64_t read_many(Names names) override { return read(names); }

    std::int64_t scan() override {
        std::int64_t sum = 0;
        for (const auto& [name, document] : map_) sum += sold_in(document);
        return sum;
    }

    void write(Names names, std::span<const Bytes> documents) override {
        for (std::size_t i = 0; i < names.size(); ++i)
            map_.find(names[i])->second = documents[i % documents.size()];
    }

    void write_pipelined(Names names, std::span<const Bytes> documents) override {
        write(names, documents);
    }

    [[nodiscard]] bool is_shared() const override { return false; }
    [[nodiscard]] std::unique_ptr<Peer> open_again() const override { return nullptr; }
    [[nodiscard]] double bytes_used() const override { return bytes_used_; }

private:
    boost::unordered_flat_map<std::string, Bytes, Hash, std::equal_to<>> map_;
    double bytes_used_ = 0;
};

}  // namespace

std::unique_ptr<Peer> make_map() { return std::make_unique<PlainMap>(); }

}  // namespace ringside::bench
