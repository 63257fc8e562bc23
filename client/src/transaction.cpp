#include "transaction_impl.hpp"

#include <algorithm>

namespace ringside {

namespace {

using detail::encode;
using detail::terms_of;

}  // namespace

Transaction::Transaction() : impl_(std::make_unique<Impl>()) {}
Transaction::Transaction(Transaction&&) noexcept = default;
Transaction& Transaction::operator=(Transaction&&) noexcept = default;
Transaction::~Transaction() = default;

Result<void> Transaction::Impl::add(wire::CommandKind kind, std::string_view name,
                                    std::string_view pointer, ByteView document,
                                    const WriteOptions& options) {
    auto terms = terms_of(options);
    if (!terms) return terms.error();
    writes.push_back({kind, append(name), append(pointer), append(document), *terms});
    grade = std::max(grade, options.grade);
    return {};
}

Result<void> Transaction::Impl::add_json(wire::CommandKind kind, std::string_view name,
                                         std::string_view pointer, std::string_view json,
                                         const WriteOptions& options) {
    auto document = encode(json, kind);
    if (!document) return document.error();
    return add(kind, name, pointer, *document, options);
}

Result<void> Transaction::put(std::string_view name, std::string_view json,
                              const WriteOptions& options) {
    return impl_->add_json(wire::CommandKind::put, name, "", json, options);
}
Result<void> Transaction::patch(std::string_view name, std::string_view pointer,
                                std::string_view json, const WriteOptions& options) {
    return impl_->add_json(wire::CommandKind::set_path, name, pointer, json, options);
}
Result<void> Transaction::patch(std::string_view name, std::string_view pointer,
                                const Document& value, const WriteOptions& options) {
    return impl_->add(wire::CommandKind::set_path, name, pointer, value.bytes(), options);
}
Result<void> Transaction::merge(std::string_view name, std::string_view json,
                                const WriteOptions& options) {
    return impl_->add_json(wire::CommandKind::merge, name, "", json, options);
}
Result<void> Transaction::json_patch(std::string_view name, std::string_view json,
                                     const WriteOptions& options) {
    return impl_->add_json(wire::CommandKind::json_patch, name, "", json, options);
}

Result<void> Transaction::put(std::string_view name, const Document& document,
                              const WriteOptions& options) {
    return impl_->add(wire::CommandKind::put, name, "", document.bytes(), options);
}

Result<void> Transaction::put_encoded(std::string_view name, ByteView document,
                                      const WriteOptions& options) {
    return impl_->add(wire::CommandKind::put, name, "", document, options);
}
Result<void> Transaction::merge_encoded(std::string_view name, ByteView patch,
                                        const WriteOptions& options) {
    return impl_->add(wire::CommandKind::merge, name, "", patch, options);
}
Result<void> Transaction::json_patch_encoded(std::string_view name, ByteView patch,
                                             const WriteOptions& options) {
    return impl_->add(wire::CommandKind::json_patch, name, "", patch, options);
}

Result<void> Transaction::remove(std::string_view name, const WriteOptions& options) {
    return impl_->add(wire::CommandKind::remove, name, "", {}, options);
}

Result<void> Transaction::publish(std::string_view subject, std::string_view json) {
    return impl_->add_json(wire::CommandKind::publish, subject, "", json, {});
}
Result<void> Transaction::publish(std::string_view subject, const Document& document) {
    return impl_->add(wire::CommandKind::publish, subject, "", document.bytes(), {});
}

std::size_t Transaction::size() const noexcept { return impl_->writes.size(); }
void Transaction::clear() noexcept {
    impl_->writes.clear();
    impl_->bytes.clear();
    impl_->grade = Grade::applied;
}

}  // namespace ringside
