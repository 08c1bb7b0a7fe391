//! A file without what its authors have added to the language: extensions, their ranges, and the options that are extensions.
//! What belongs to `confluent` stays.

use super::model::*;

/// The file without them.
pub(super) fn without_extensions(file: &File) -> File {
    let mut bare = file.clone();
    options(&mut bare.options);
    bare.extends.clear();
    for message in &mut bare.messages {
        options(&mut message.options);
        message.extensions.clear();
        message.extends.clear();
        message.fields.iter_mut().for_each(|field| options(&mut field.options));
        message.groups.iter_mut().for_each(group);
        for oneof in &mut message.oneofs {
            options(&mut oneof.options);
            oneof.fields.iter_mut().for_each(|field| options(&mut field.options));
            oneof.groups.iter_mut().for_each(group);
        }
    }
    for symbols in &mut bare.enums {
        options(&mut symbols.options);
        symbols.constants.iter_mut().for_each(|constant| options(&mut constant.options));
    }
    for service in &mut bare.services {
        options(&mut service.options);
        service.rpcs.iter_mut().for_each(|rpc| options(&mut rpc.options));
    }
    bare
}

fn group(group: &mut Group) {
    group.fields.iter_mut().for_each(|field| options(&mut field.options));
}

fn options(options: &mut Vec<Opt>) {
    options.retain(|option| !option.parenthesized || option.name.trim_start_matches('.').starts_with("confluent."));
}
