//! Finds the handle among the parameters.

use syn::spanned::Spanned;
use syn::{
    FnArg, GenericArgument, Ident, Pat, PatType, PathArguments, Signature, Type, TypeReference,
};

/// The parameter whose type becomes anything that can provide the handle.
pub(super) struct Handle {
    pub(super) index: usize,
    pub(super) name: Ident,
    pub(super) kind: Kind,
}

pub(super) enum Kind {
    /// `conn: &mut ReadConn<..>`, with the type behind the reference.
    Taken(Box<Type>),
    /// `conn: &ReadConn<..>`, likewise: several of its statements may be under way.
    Shared(Box<Type>),
    /// `session: &Session`: the signature stays, and in the body the name is the handle.
    FromSession,
}

const HANDLES: [&str; 2] = ["ReadConn", "WriteConn"];

const NO_HANDLE: &str = "no parameter is a handle: take a `conn: &mut ReadConn<..>` or `conn: &mut WriteConn`; where the \
     signature is a trait's, a `session: &Session`";

const SHARED_AND_BLOCKING: &str =
    "a blocking handle runs one statement at a time, and for that it is needed alone: take `&mut`";

/// Returns whether the attribute of an `impl` block applies to this method; not if only a guess says so.
pub(super) fn takes_a_handle(signature: &Signature) -> bool {
    parameters(signature)
        .any(|(_, parameter)| is_taken(parameter, &HANDLES) || is_session(parameter))
}

/// Returns the handle among the parameters.
pub(super) fn find(signature: &Signature) -> syn::Result<Handle> {
    let handles: Vec<_> = parameters(signature)
        .filter(|(_, parameter)| is_taken(parameter, &HANDLES))
        .collect();
    let chosen = match handles.as_slice() {
        [one] => Some(*one),
        [_, second, ..] => {
            return Err(syn::Error::new(
                second.1.span(),
                "two parameters are handles, and the attribute goes for one: pass the other's work in, or split \
                 the function",
            ));
        }
        [] => None,
    };
    if let Some((index, parameter)) = chosen.or_else(|| only_mutable(signature)) {
        return Ok(Handle {
            index,
            name: name(parameter)?,
            kind: kind(&parameter.ty),
        });
    }
    let (index, parameter) = parameters(signature)
        .find(|(_, parameter)| is_session(parameter))
        .ok_or_else(|| syn::Error::new(signature.paren_token.span.join(), NO_HANDLE))?;
    Ok(Handle {
        index,
        name: name(parameter)?,
        kind: Kind::FromSession,
    })
}

/// Refuses a shared handle in a function that cannot use it.
pub(super) fn check_shared(
    handle: &Handle,
    signature: &Signature,
    is_async: bool,
) -> syn::Result<()> {
    let parameter = signature.inputs.get(handle.index);
    match &handle.kind {
        Kind::Shared(_) if !is_async => {
            Err(syn::Error::new_spanned(parameter, SHARED_AND_BLOCKING))
        }
        _ => Ok(()),
    }
}

/// Returns the role of a read handle of this type, if it is a parameter of the function's.
pub(super) fn generic_role<'a>(ty: &'a Type, signature: &Signature) -> Option<&'a Ident> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    let Some(GenericArgument::Type(Type::Path(role))) = arguments.args.first() else {
        return None;
    };
    let role = role.path.get_ident()?;
    let mut parameters = signature.generics.type_params();
    let is_generic = last.ident == "ReadConn" && parameters.any(|known| known.ident == *role);
    is_generic.then_some(role)
}

fn parameters(signature: &Signature) -> impl Iterator<Item = (usize, &PatType)> {
    let inputs = signature.inputs.iter().enumerate();
    inputs.filter_map(|(index, argument)| match argument {
        FnArg::Typed(parameter) => Some((index, parameter)),
        FnArg::Receiver(_) => None,
    })
}

/// Finds a handle under another name: the only parameter of the form `&mut T`.
fn only_mutable(signature: &Signature) -> Option<(usize, &PatType)> {
    let is_mutable = |parameter: &PatType| {
        matches!(&*parameter.ty, Type::Reference(reference)
            if reference.mutability.is_some() && matches!(&*reference.elem, Type::Path(_)))
    };
    let mut mutable = parameters(signature).filter(|(_, parameter)| is_mutable(parameter));
    mutable.next().filter(|_| mutable.next().is_none())
}

fn is_taken(parameter: &PatType, names: &[&str]) -> bool {
    matches!(&*parameter.ty, Type::Reference(reference)
        if last_name(reference).is_some_and(|last| names.iter().any(|name| last == name)))
}

fn is_session(parameter: &PatType) -> bool {
    matches!(&*parameter.ty, Type::Reference(reference)
        if reference.mutability.is_none() && last_name(reference).is_some_and(|last| last == "Session"))
}

fn last_name(reference: &TypeReference) -> Option<&Ident> {
    match &*reference.elem {
        Type::Path(path) => path.path.segments.last().map(|segment| &segment.ident),
        _ => None,
    }
}

fn kind(ty: &Type) -> Kind {
    match ty {
        Type::Reference(reference) if reference.mutability.is_none() => {
            Kind::Shared(reference.elem.clone())
        }
        Type::Reference(reference) => Kind::Taken(reference.elem.clone()),
        other => Kind::Taken(Box::new(other.clone())),
    }
}

fn name(parameter: &PatType) -> syn::Result<Ident> {
    match &*parameter.pat {
        Pat::Ident(pattern) if pattern.ident != "_" => Ok(pattern.ident.clone()),
        Pat::Wild(wild) => Ok(Ident::new("_conn", wild.underscore_token.span)),
        other => Err(syn::Error::new_spanned(
            other,
            "the handle needs a plain name",
        )),
    }
}
